package porttest_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func allFaults() map[string]fault {
	return map[string]fault{
		"a change without its event":       {changes(func(s *porttest.Tenancy) { s.Events = forgetsRemovals{s.Events} }), "each change of a membership is one event, a refused or repeated one is none"},
		"an event of a replay":             {changes(func(s *porttest.Tenancy) { s.Events = stutters{s.Events} }), "each tenant begins with one event, and a refused or repeated creation has none"},
		"an event without the address":     {changes(func(s *porttest.Tenancy) { s.Reservations = omitsAddresses{s.Reservations} }), "the event of a new tenant and the membership of its owner have the owner's address"},
		"events out of order":              {eventLog(func(s *porttest.EventLog) { s.Reader = newestFirst{s.Reader} }), "positions follow each other in the order of IDs"},
		"a lease for all":                  {eventLog(func(s *porttest.EventLog) { s.Consumers = shared{s.Consumers} }), "one holder has the lease until it releases it"},
		"a failure that delays nothing":    {eventLog(func(s *porttest.EventLog) { s.Consumers = rushed{s.Consumers} }), "after a failure the events of that tenant wait, and no others"},
		"an event given up without a word": {eventLog(func(s *porttest.EventLog) { s.Consumers = hushed{s.Consumers} }), "an event that is set aside is not delivered, and the next one of its tenant is"},
		"an ID granted twice":              {tenancy(func(s *porttest.Tenancy) { s.Tenants = givesTwice{s.Tenants} }), "of many creators of one ID one succeeds, and owns it alone"},
		"a conflict without its code":      {tenancy(func(s *porttest.Tenancy) { s.Tenants = losesCodes{s.Tenants} }), "an ID is taken whether its tenant is active or suspended"},
		"a conflict that is only a cause":  {tenancy(func(s *porttest.Tenancy) { s.Tenants = hidesCodes{s.Tenants} }), "an ID is taken whether its tenant is active or suspended"},
		"a limit ignored":                  {members(func(s *porttest.Tenancy) { s.Members = talkative{s.Members} }), "memberships come in the order of the tenants' IDs by byte"},
		"a session by the old password":    {users(func(s ports.UserStore) ports.UserStore { return gullible{s} }), "a password that was reset starts no session"},
		"an invalid token accepted":        {identityProvider(func(p ports.IdentityProvider) ports.IdentityProvider { return obliging{p} }), "a token that is not an access token is refused"},
		"a local time":                     {tenancy(func(s *porttest.Tenancy) { s.Tenants = localTime{s.Tenants} }), "tenants and reservations return the time"},
		"an upgrade reported as an outage": {tenancy(func(s *porttest.Tenancy) { s.Tenants = losesUpgrades{s.Tenants} }), "a tenant that is being upgraded is unavailable, and no other is"},
		"an upgrade ignored":               {tenancy(func(s *porttest.Tenancy) { s.SetUpgrading = func(*testing.T, domain.TenantID, bool) {} }), "a tenant that is being upgraded is unavailable, and no other is"},
		"a context ignored":                {tenancy(func(s *porttest.Tenancy) { s.Tenants = deaf{s.Tenants} }), "a call returns the own error of a context that is cancelled, or past its deadline"},
		"a record under the key alone":     {tenancy(func(s *porttest.Tenancy) { s.Tenants = keyAlone{s.Tenants} }), "idempotency/a request of another actor, tenant, route or key is another"},
		"a record of any tenant":           {tenancy(func(s *porttest.Tenancy) { s.Tenants = ofAnyTenant{s.Tenants} }), "idempotency/a request of another actor, tenant, route or key is another"},
		"no record at all":                 {tenancy(func(s *porttest.Tenancy) { s.Tenants = forgetful{s.Tenants} }), "idempotency/duplicates at once create one thing and get one answer"},
		"a list without an order":          {tenancy(func(s *porttest.Tenancy) { s.Tenants = backwards{s.Tenants} }), "tenants and reservations come in the order of their IDs by byte, page after page"},
		"a claim that is never spent":      {claims(func(s *porttest.Tenancy) { s.Reservations = generous{s.Reservations, &sync.Map{}} }), "of many claims with one token at once, one succeeds"},
		"a claim of any tenant":            {claims(func(s *porttest.Tenancy) { s.Reservations = careless{s.Reservations} }), "a token of another tenant is refused and stays unspent"},
		"an account before its claim":      {claims(func(s *porttest.Tenancy) { s.Reservations = eager{s.Reservations} }), "an invalid token starts no sign-up"},
		"a claim lost with its caller":     {claims(func(s *porttest.Tenancy) { s.Reservations = fickle{s.Reservations} }), "a new user who hangs up during the sign-up still gets the tenant"},
		"reservations without end":         {claims(func(s *porttest.Tenancy) { s.Reservations = crowded{s.Reservations} }), "a network reserves so many IDs at once, and more once one is claimed"},
		"a quota ignored": {tenancy(func(s *porttest.Tenancy) {
			s.Tenants = unlimited{s.Tenants, func(l *ports.MakingLimits) { l.MaxOwned = 0 }}
		}), "by creation/an owner owns so many tenants, suspended ones included"},
		"unconfirmed owners without end": {tenancy(func(s *porttest.Tenancy) {
			s.Tenants = unlimited{s.Tenants, func(l *ports.MakingLimits) { l.Unconfirmed = nil }}
		}), "by creation/a network makes so many tenants for unconfirmed owners"},
		"an error without its field":             {tenancy(func(s *porttest.Tenancy) { s.Tenants = misplaced{s.Tenants} }), "idempotency/a key that was used for another fingerprint is refused, and creates nothing"},
		"wrong codes at once not counted":        {users(func(s ports.UserStore) ports.UserStore { return &racy{UserStore: s} }), "wrong codes at once count each"},
		"a reuse that ends nothing":              {users(func(s ports.UserStore) ports.UserStore { return lenient{s} }), "a token that was exchanged before has its own error and ends only its family"},
		"a grace without end":                    {users(func(s ports.UserStore) ports.UserStore { return patient{s} }), "without grace, of many exchanges of one token at once one succeeds, and its new token is revoked"},
		"no grace at all":                        {users(func(s ports.UserStore) ports.UserStore { return hasty{s} }), "a token is exchanged again within its grace, and all its successors are valid"},
		"the password of the first sign-up kept": {users(func(s ports.UserStore) ports.UserStore { return squatted{s} }), "a renewed sign-up has another password and another code"},
		"a first sign-up that stays":             {unconfirmed(func(p ports.IdentityProvider) ports.IdentityProvider { return stubborn{p, &sync.Map{}} }), "an unconfirmed address is not taken: its password and its code are replaced together"},
		"a reset that does not confirm":          {unconfirmed(func(p ports.IdentityProvider) ports.IdentityProvider { return unhelpful{p} }), "a reset gives an unconfirmed address to its owner"},
		"a malformed code that counts":           {identityProvider(func(p ports.IdentityProvider) ports.IdentityProvider { return strict{p} }), "a malformed code for a new password is wrong, and costs no attempt"},
		"a domain compared as written":           {users(func(s ports.UserStore) ports.UserStore { return literal{s} }), "an address is one with its domain in Unicode and in ASCII"},
		"a member forgotten":                     {users(func(s ports.UserStore) ports.UserStore { return s }), "users that do not confirm in time are removed, and their addresses are free"},
		"a size left open":                       {objects(func(u *ports.Upload) { u.Size = domain.FileSize{} }), "a body of another size is refused where size nothing was given"},
		"a checksum left out":                    {objects(func(u *ports.Upload) { u.SHA256 = nil }), "a body with another checksum is refused"},
		"an object replaced":                     {objects(func(u *ports.Upload) { u.IfAbsent = false }), "of many that must not replace, sent at once, one is kept"},
		"a largest size forgotten":               {objects(func(u *ports.Upload) { u.MaxSize = 0 }), "a body larger than the largest size is refused"},
		"an encoding dropped":                    {objectsBehind(withoutHeader("Content-Encoding")), "a GET returns the headers of a PUT"},
		"an ETag ignored":                        {objectsBehind(withoutHeader("If-Match")), "a PUT on the condition of an ETag replaces that object alone"},
		"a digest ignored":                       {objectsBehind(withoutHeader("Content-Md5")), "a body with another Content-MD5 is refused"},
		"an unsigned header ignored":             {objectsBehind(withoutHeader("X-Amz-Copy-Source")), "an x-amz- header that was not signed is refused"},
		"the ETag of another PUT":                {objectsBehind(oneETag), "PUTs at once are answered with their own ETags"},
		"a GET that is a HEAD":                   {objectsBehind(headIsGet), "a signature fits one method"},
		"a URL that does not expire":             {objects(func(u *ports.Upload) { u.TTL = time.Hour }), "a URL lives for its time to live"},
		"a signature for a caller that left":     {keptObjects(func(s porttest.Objects) porttest.Objects { return absent{s} }), "SignDownload/a call returns the own error of a context that is cancelled, or past its deadline"},
		"a list of another tenant's files":       {keptObjects(func(s porttest.Objects) porttest.Objects { return greedy{s} }), "a list has every file name of the tenant, and no other tenant's"},
		"a list in the order of folders":         {keptObjects(func(s porttest.Objects) porttest.Objects { return byFolder{s} }), "a list is in the order of the keys by byte, page after page"},
		"a list longer than its limit":           {keptObjects(func(s porttest.Objects) porttest.Objects { return boundless{s} }), "a list is in the order of the keys by byte, page after page"},
		"a prefix ignored":                       {keptObjects(func(s porttest.Objects) porttest.Objects { return unselective{s} }), "a list has the files whose names begin with its prefix"},
		"a list without sizes":                   {keptObjects(func(s porttest.Objects) porttest.Objects { return unmeasured{s} }), "a list has the size and the time of each object"},
		"a purge of another tenant":              {keptObjects(func(s porttest.Objects) porttest.Objects { return greedy{s} }), "a purge removes all of a tenant's objects, step by step, and no other tenant's"},
		"a purge larger than its limit":          {keptObjects(func(s porttest.Objects) porttest.Objects { return boundless{s} }), "a purge removes all of a tenant's objects, step by step, and no other tenant's"},
		"a purge that ends too early":            {keptObjects(func(s porttest.Objects) porttest.Objects { return precipitate{s} }), "a purge removes all of a tenant's objects, step by step, and no other tenant's"},
		"objects overlooked":                     {keptObjects(func(s porttest.Objects) porttest.Objects { return blind{s} }), "an object can be put after a purge"},
		"a content without its headers":          {keptObjects(func(s porttest.Objects) porttest.Objects { return bare{s} }), "what was put is what is opened"},
		"half a content kept":                    {keptObjects(func(s porttest.Objects) porttest.Objects { return premature{s} }), "a content that fails or has another size keeps nothing"},
		"an absent content":                      {keptObjects(func(s porttest.Objects) porttest.Objects { return imaginary{s} }), "an absent key cannot be opened"},
		"an account revealed":                    {identityProvider(func(p ports.IdentityProvider) ports.IdentityProvider { return telltale{p} }), "a wrong password and an unknown address have the same answer"},
		"a reuse not reported":                   {identityProvider(func(p ports.IdentityProvider) ports.IdentityProvider { return tireless{p} }), "a token that was exchanged before has its own error"},
		"a header smuggled in":                   {mail(func(m ports.Mailer) ports.Mailer { return smuggler{m} }), "a subject with CR is refused, and nothing is sent"},
		"a mail without its HTML":                {mail(func(m ports.Mailer) ports.Mailer { return plain{m} }), "HTML is delivered beside the text"},
		"an outage remembered":                   {outage, "it is ready, not while it is unavailable, and again afterwards"},
	}
}

func tenancy(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.TenantStore(t, opensTenancy(breaks)) }
}

func members(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.MemberStore(t, opensTenancy(breaks)) }
}

func claims(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.ReservationStore(t, opensTenancy(breaks)) }
}

func opensTenancy(breaks func(*porttest.Tenancy)) func(*testing.T) porttest.Tenancy {
	return func(t *testing.T) porttest.Tenancy {
		db := &memory.DB{}
		s := porttest.Tenancy{Tenants: db.Tenants(), Members: db.Members(), WithSettings: db.MembersWithSettings(), Lister: db.Members(), Changer: db.Members(), Emails: db.Members(), Reservations: db.Reservations(), Lifecycle: db.Lifecycle(), Directory: db.Directory(), Purges: db.Purges(), Invitations: db.Invitations(), Archives: db.Archives(), Workers: db.Workers(), Events: db.Events(), Suspend: func(t *testing.T, id domain.TenantID) {
			if err := db.SetStatus(id, domain.Suspended); err != nil {
				t.Fatal(err)
			}
		}, SetUpgrading: func(t *testing.T, id domain.TenantID, upgrading bool) {
			if err := db.SetUpgrading(id, upgrading); err != nil {
				t.Fatal(err)
			}
		}}
		breaks(&s)
		return s
	}
}

func users(breaks func(ports.UserStore) ports.UserStore) func(*testing.T) {
	return func(t *testing.T) {
		porttest.UserStore(t, func(*testing.T) porttest.Users {
			return porttest.Users{Store: breaks(new(memory.DB).Users()), Join: func(*testing.T, string) {}}
		})
	}
}

func identityProvider(breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
	return identitiesThat(false, breaks)
}

func unconfirmed(breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
	return identitiesThat(true, breaks)
}

func identitiesThat(confirm bool, breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
	return func(t *testing.T) {
		porttest.IdentityProvider(t, func(*testing.T) porttest.Identities {
			identities := idptest.New(func(c *idp.Config) { c.RequireConfirmation = confirm })
			return porttest.Identities{
				Provider:          breaks(identities),
				Verifier:          identities,
				Code:              func(_ *testing.T, email domain.Email) domain.Secret { return identities.Code(email) },
				NeedsConfirmation: confirm,
				Rotates:           true,
			}
		})
	}
}

func objects(breaks func(*ports.Upload)) func(*testing.T) {
	return faultyObjects(breaks, func(h http.Handler) http.Handler { return h })
}

// objectsBehind has breaks between the client and the store.
func objectsBehind(breaks func(http.Handler) http.Handler) func(*testing.T) {
	return faultyObjects(func(*ports.Upload) {}, breaks)
}

func withoutHeader(name string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del(name)
			h.ServeHTTP(w, r)
		})
	}
}

func oneETag(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		h.ServeHTTP(recorded, r)
		maps.Copy(w.Header(), recorded.Header())
		w.Header().Set("ETag", `"the last one"`)
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(recorded.Body.Bytes())
	})
}

func headIsGet(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r.Method = http.MethodGet
		}
		h.ServeHTTP(w, r)
	})
}

func faultyObjects(breaks func(*ports.Upload), between func(http.Handler) http.Handler) func(*testing.T) {
	return storedObjects(func(s porttest.Objects) porttest.Objects { return lax{s, breaks} }, between)
}

// keptObjects has breaks in front of the store's lists and purges.
func keptObjects(breaks func(porttest.Objects) porttest.Objects) func(*testing.T) {
	return storedObjects(breaks, func(h http.Handler) http.Handler { return h })
}

func storedObjects(breaks func(porttest.Objects) porttest.Objects, between func(http.Handler) http.Handler) func(*testing.T) {
	return func(t *testing.T) {
		porttest.ObjectStore(t, func(t *testing.T) porttest.ObjectStorage {
			store := &memory.Objects{}
			server := httptest.NewServer(between(store))
			t.Cleanup(server.Close)
			base, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			store.Base = base
			return porttest.ObjectStorage{Store: breaks(store), Client: server.Client()}
		})
	}
}

func mail(breaks func(ports.Mailer) ports.Mailer) func(*testing.T) {
	return func(t *testing.T) {
		porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
			box := &memory.Mailbox{}
			last := func() ports.Mail {
				if sent := box.Sent(); len(sent) > 0 {
					return sent[len(sent)-1]
				}
				return ports.Mail{}
			}
			return porttest.Mailbox{
				Mailer:   breaks(box),
				Last:     func(*testing.T) string { return last().Text },
				LastHTML: func(*testing.T) string { return last().HTML },
			}
		})
	}
}

func outage(t *testing.T) {
	porttest.Dependency(t, func(*testing.T) porttest.Outage {
		db := &memory.DB{}
		return porttest.Outage{
			Dependency: &stale{Dependency: db},
			Break:      func(*testing.T) { db.Break() },
			Restore:    func(*testing.T) { db.Restore() },
		}
	})
}
