package web

import "net/url"

// fixedHeader is a header that each answer has with the same value. The answers share
// the slice, so that setting the header allocates nothing: no handler may change it in
// place, which [net/http.Header]'s methods do not.
type fixedHeader struct {
	name   string
	values []string
}

// fixedHeaders returns the headers that make browsers treat an answer as data: they take no
// other type than Content-Type, load and frame nothing, and send its address to no other
// site, since a signed URL grants access. If public is https, they use nothing else for a
// year.
func fixedHeaders(public *url.URL) []fixedHeader {
	headers := []fixedHeader{
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Content-Security-Policy", []string{"default-src 'none'; frame-ancestors 'none'"}},
	}
	if public != nil && public.Scheme == "https" {
		headers = append(headers, fixedHeader{"Strict-Transport-Security", []string{"max-age=31536000"}})
	}
	return headers
}
