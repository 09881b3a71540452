api=http://localhost:3000
json='Content-Type: application/json'
field() {
  answer=$(cat)
  printf '%s\n' "$answer" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | grep . || printf '%s\n' "$answer" >&2
}

# a tenant, and the token that claims it
claim=$(curl -s $api/auth/tenants -H "$json" -d '{"tenantId":"acme","name":"Acme"}' | field claimToken)

# its owner signs up with that, and signs in
curl -s $api/auth/signup -H "$json" \
  -d '{"email":"ada@example.com","password":"correct horse battery","claimToken":"'$claim'"}'
token=$(curl -s $api/auth/signin -H "$json" \
  -d '{"email":"ada@example.com","password":"correct horse battery"}' | field AccessToken)
curl -s $api/auth/me -H "Authorization: Bearer $token"

# a file goes in, and comes back
ada="Authorization: Bearer $token"
upload=$(curl -s $api/files/upload-url -H "$ada" -H 'X-Tenant-ID: acme' \
  -H "$json" -d '{"filename":"hello.txt"}' | field uploadUrl)
echo 'Hello, Acme!' | curl -s -X PUT --data-binary @- "$upload"
download=$(curl -s "$api/files/download-url?filename=hello.txt" -H "$ada" -H 'X-Tenant-ID: acme' | field downloadUrl)
curl -s "$download"

# another tenant is a wall
curl -s "$api/files/download-url?filename=hello.txt" -H "$ada" -H 'X-Tenant-ID: neighbour'
