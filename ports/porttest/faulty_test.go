package porttest_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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
		"a tenant given out twice":       {tenancy(func(s *porttest.Tenancy) { s.Tenants = givesTwice{s.Tenants} }), "of many creators of one ID one succeeds, and owns it alone"},
		"a conflict without its code":    {tenancy(func(s *porttest.Tenancy) { s.Tenants = losesCodes{s.Tenants} }), "an ID is taken whether its tenant is active or suspended"},
		"a conflict that is but a cause": {tenancy(func(s *porttest.Tenancy) { s.Tenants = hidesCodes{s.Tenants} }), "an ID is taken whether its tenant is active or suspended"},
		"a limit ignored":                {members(func(s *porttest.Tenancy) { s.Members = talkative{s.Members} }), "memberships come in the order of the tenants' IDs by byte"},
		"an owner too few":               {members(func(s *porttest.Tenancy) { s.Members = reckless{s.Members} }), "the last owner stays, and a second one may go"},
		"a rule of roles ignored":        {members(func(s *porttest.Tenancy) { s.Members = lawless{s.Members} }), "a member changes the roles that the rule of roles allows, and no other"},
		"roles as they were before":      {members(func(s *porttest.Tenancy) { s.Members = hurried{s.Members, twoAtOnce()} }), "of members who demote each other at once one succeeds, each admin"},
		"a sign-in by the old password":  {users(func(s ports.UserStore) ports.UserStore { return gullible{s} }), "there is no session by a password that was reset"},
		"a signature without a life":     {objects(func(u *ports.Upload) { u.TTL = max(u.TTL, time.Second) }), "an upload without a life is invalid"},
		"a stranger signed out":          {people(func(p ports.IdentityProvider) ports.IdentityProvider { return obliging{p} }), "what isn't an access token is believed by nobody"},
		"a local time":                   {tenancy(func(s *porttest.Tenancy) { s.Tenants = localTime{s.Tenants} }), "tenants and reservations tell the time"},
		"an upgrade taken for an outage": {tenancy(func(s *porttest.Tenancy) { s.Tenants = losesUpgrades{s.Tenants} }), "a tenant that is being upgraded is unavailable, and no other is"},
		"an upgrade ignored":             {tenancy(func(s *porttest.Tenancy) { s.SetUpgrading = func(*testing.T, domain.TenantID, bool) {} }), "a tenant that is being upgraded is unavailable, and no other is"},
		"a context ignored":              {tenancy(func(s *porttest.Tenancy) { s.Tenants = deaf{s.Tenants} }), "Sweep gives a cancelled context's own error"},
		"a record under the key alone":   {tenancy(func(s *porttest.Tenancy) { s.Tenants = keyAlone{s.Tenants} }), "a request of another identity, route or key is another"},
		"no record at all":               {tenancy(func(s *porttest.Tenancy) { s.Tenants = forgetful{s.Tenants} }), "twins at once make one tenant and get one answer"},
		"a list without an order":        {tenancy(func(s *porttest.Tenancy) { s.Tenants = backwards{s.Tenants} }), "tenants and reservations come in the order of their IDs by byte, page after page"},
		"a claim good for all":           {claims(func(s *porttest.Tenancy) { s.Reservations = generous{s.Reservations, &sync.Map{}} }), "of many who claim with one token at once one becomes the owner"},
		"a claim of any tenant":          {claims(func(s *porttest.Tenancy) { s.Reservations = careless{s.Reservations} }), "a token of another tenant is refused and stays unspent"},
		"an account before its claim":    {claims(func(s *porttest.Tenancy) { s.Reservations = eager{s.Reservations} }), "nobody signs up with a token that is no good"},
		"a claim lost with its caller":   {claims(func(s *porttest.Tenancy) { s.Reservations = fickle{s.Reservations} }), "a new user who hangs up gets the tenant all the same"},
		"reservations without end":       {claims(func(s *porttest.Tenancy) { s.Reservations = crowded{s.Reservations} }), "a network reserves so many IDs at once, and more once one is claimed"},
		"a quota ignored": {tenancy(func(s *porttest.Tenancy) {
			s.Tenants = unlimited{s.Tenants, func(l *ports.MakingLimits) { l.MaxOwned = 0 }}
		}), "by creation/an owner owns so many tenants, suspended ones included"},
		"unconfirmed owners without end": {tenancy(func(s *porttest.Tenancy) {
			s.Tenants = unlimited{s.Tenants, func(l *ports.MakingLimits) { l.Unconfirmed = nil }}
		}), "by creation/a network makes so many tenants for unconfirmed owners"},
		"an error without its field":     {tenancy(func(s *porttest.Tenancy) { s.Tenants = misplaced{s.Tenants} }), "a key that was used for another fingerprint is refused, and makes nothing"},
		"wrong codes lost in the crowd":  {users(func(s ports.UserStore) ports.UserStore { return &racy{UserStore: s} }), "wrong codes at once count each"},
		"a reuse that ends nothing":      {users(func(s ports.UserStore) ports.UserStore { return lenient{s} }), "a token that was exchanged before is told apart and ends its family alone"},
		"a grace without end":            {users(func(s ports.UserStore) ports.UserStore { return patient{s} }), "without grace, of many who exchange one token at once one succeeds, and its new token is dead"},
		"no grace at all":                {users(func(s ports.UserStore) ports.UserStore { return hasty{s} }), "a token is exchanged again within its grace, and all that it was exchanged for is good"},
		"a squatter's password kept":     {users(func(s ports.UserStore) ports.UserStore { return squatted{s} }), "a sign-up that is renewed has another password and another code"},
		"a first sign-up that stays":     {unconfirmed(func(p ports.IdentityProvider) ports.IdentityProvider { return stubborn{p, &sync.Map{}} }), "an address that waits for confirmation isn't taken: its password and its code are replaced together"},
		"an address that stays squatted": {unconfirmed(func(p ports.IdentityProvider) ports.IdentityProvider { return unhelpful{p} }), "an address that waits for confirmation is its owner's by a reset"},
		"a slip of the pen that counts":  {people(func(p ports.IdentityProvider) ports.IdentityProvider { return strict{p} }), "what can't be a code for a new password is wrong, and costs no attempt"},
		"a domain compared as written":   {users(func(s ports.UserStore) ports.UserStore { return literal{s} }), "an address is one with its domain in Unicode and in ASCII"},
		"a member forgotten":             {users(func(s ports.UserStore) ports.UserStore { return s }), "users who don't confirm in time are removed, and their addresses are free"},
		"a size left open":               {objects(func(u *ports.Upload) { u.Size = -1 }), "a body of another size is refused where size nothing was given"},
		"a checksum left out":            {objects(func(u *ports.Upload) { u.SHA256 = nil }), "a body with another checksum is refused"},
		"an object replaced":             {objects(func(u *ports.Upload) { u.IfAbsent = false }), "of many that must not replace, sent at once, one is kept"},
		"a largest size forgotten":       {objects(func(u *ports.Upload) { u.MaxSize = 0 }), "a body larger than the largest size is refused"},
		"an encoding dropped":            {objectsBehind(withoutHeader("Content-Encoding")), "the headers of a PUT come back with a GET"},
		"an ETag ignored":                {objectsBehind(withoutHeader("If-Match")), "a PUT on the condition of an ETag replaces that object alone"},
		"a digest ignored":               {objectsBehind(withoutHeader("Content-Md5")), "a body with another Content-MD5 is refused"},
		"an unsigned header ignored":     {objectsBehind(withoutHeader("X-Amz-Copy-Source")), "an x-amz- header that wasn't signed is refused"},
		"another PUT's ETag":             {objectsBehind(oneETag), "PUTs at once are told their own ETags"},
		"a GET that is a HEAD":           {objectsBehind(headIsGet), "a signature fits one method"},
		"a URL that lives on":            {objects(func(u *ports.Upload) { u.TTL = time.Hour }), "a URL lives for its time to live"},
		"an account given away":          {people(func(p ports.IdentityProvider) ports.IdentityProvider { return telltale{p} }), "a wrong password and an unknown address are told alike"},
		"a token that isn't exchanged":   {people(func(p ports.IdentityProvider) ports.IdentityProvider { return tireless{p} }), "a token that was exchanged before is told apart"},
		"a header smuggled in":           {mail, "a subject of more than one line is refused, and nothing is sent"},
		"an outage remembered":           {outage, "it is ready, not when it's away, and again when it's back"},
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
		s := porttest.Tenancy{Tenants: db.Tenants(), Members: db.Members(), Reservations: db.Reservations(), Suspend: func(t *testing.T, id domain.TenantID) {
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

func people(breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
	return peopleWho(false, breaks)
}

func unconfirmed(breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
	return peopleWho(true, breaks)
}

func peopleWho(confirm bool, breaks func(ports.IdentityProvider) ports.IdentityProvider) func(*testing.T) {
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
			return porttest.ObjectStorage{Store: lax{store, breaks}, Client: server.Client()}
		})
	}
}

func mail(t *testing.T) {
	porttest.Mailer(t, func(*testing.T) porttest.Mailbox {
		box := &memory.Mailbox{}
		return porttest.Mailbox{Mailer: smuggler{box}, Last: func(*testing.T) string { return "" }}
	})
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

type givesTwice struct{ ports.TenantStore }

func (s givesTwice) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	created, err := s.TenantStore.Create(ctx, n)
	if domain.CodeOf(err) == domain.CodeTenantExists {
		return ports.CreatedTenant{Tenant: domain.Tenant{ID: n.ID}}, nil
	}
	return created, err
}

type losesCodes struct{ ports.TenantStore }

func (s losesCodes) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	created, err := s.TenantStore.Create(ctx, n)
	if domain.CodeOf(err) == domain.CodeTenantExists {
		err = &domain.Error{Kind: domain.Conflict}
	}
	return created, err
}

type hidesCodes struct{ ports.TenantStore }

func (s hidesCodes) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	created, err := s.TenantStore.Create(ctx, n)
	if err != nil {
		err = &domain.Error{Kind: domain.Internal, Err: err}
	}
	return created, err
}

type talkative struct{ ports.MemberStore }

func (s talkative) Memberships(ctx context.Context, who domain.Identity, _ int) ([]ports.TenantMembership, error) {
	return s.MemberStore.Memberships(ctx, who, 1000)
}

type reckless struct{ ports.MemberStore }

func (s reckless) SetRole(ctx context.Context, change ports.RoleChange) error {
	err := s.MemberStore.SetRole(ctx, change)
	if errors.Is(err, domain.CodeLastOwner) {
		return nil
	}
	return err
}

// lawless makes each member's change as if it were the operator's.
type lawless struct{ ports.MemberStore }

func (s lawless) SetRole(ctx context.Context, change ports.RoleChange) error {
	change.By = ports.Actor{Operator: true}
	return s.MemberStore.SetRole(ctx, change)
}

// hurried asks the rule about the roles that it found before the change, which it
// makes once the other of two changes has been checked, too.
type hurried struct {
	ports.MemberStore
	checked *sync.WaitGroup
}

func (s hurried) SetRole(ctx context.Context, change ports.RoleChange) error {
	if change.By.Operator {
		return s.MemberStore.SetRole(ctx, change)
	}
	_, by, _ := s.Find(ctx, change.By.Identity, change.Tenant)
	_, of, _ := s.Find(ctx, change.Member, change.Tenant)
	s.checked.Done()
	s.checked.Wait()
	if err := domain.CheckRoleChange(by, of, change.Role); err != nil {
		return err
	}
	change.By = ports.Actor{Operator: true}
	return s.MemberStore.SetRole(ctx, change)
}

func twoAtOnce() *sync.WaitGroup {
	var wg sync.WaitGroup
	wg.Add(2)
	return &wg
}

type localTime struct{ ports.TenantStore }

// losesUpgrades says of a tenant that is upgraded what it says of a lost database.
type losesUpgrades struct{ ports.TenantStore }

func (s losesUpgrades) Clock(ctx context.Context, id domain.TenantID) (time.Time, error) {
	now, err := s.TenantStore.Clock(ctx, id)
	if errors.Is(err, domain.CodeTenantUpgrading) {
		err = &domain.Error{Kind: domain.Unavailable, Code: domain.CodeDatabaseUnavailable, RetryAfter: time.Second, Message: "the database can't be used now"}
	}
	return now, err
}

func (s localTime) Clock(ctx context.Context, id domain.TenantID) (time.Time, error) {
	now, err := s.TenantStore.Clock(ctx, id)
	return now.In(time.FixedZone("", 3600)), err
}

type deaf struct{ ports.TenantStore }

func (s deaf) Sweep(ctx context.Context) (int, error) {
	return s.TenantStore.Sweep(context.WithoutCancel(ctx))
}

type keyAlone struct{ ports.TenantStore }

func (s keyAlone) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	if n.Idempotency != nil {
		i := *n.Idempotency
		i.Route = ""
		n.Idempotency = &i
	}
	return s.TenantStore.Create(ctx, n)
}

type forgetful struct{ ports.TenantStore }

func (s forgetful) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	n.Idempotency = nil
	return s.TenantStore.Create(ctx, n)
}

type backwards struct{ ports.TenantStore }

func (s backwards) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	page, err := s.TenantStore.List(ctx, after, limit)
	for i, j := 0, len(page)-1; i < j; i, j = i+1, j-1 {
		page[i], page[j] = page[j], page[i]
	}
	return page, err
}

type generous struct {
	ports.ReservationStore
	spent *sync.Map
}

func (s generous) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	got, err := s.ReservationStore.Claim(ctx, c)
	if err == nil {
		s.spent.Store(c.Token, got)
	} else if first, found := s.spent.Load(c.Token); found {
		return first.(ports.ClaimedTenant), nil
	}
	return got, err
}

type careless struct{ ports.ReservationStore }

func (s careless) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	c.Tenant = domain.TenantID{}
	return s.ReservationStore.Claim(ctx, c)
}

// eager has the owner sign up before it looks at the token.
type eager struct{ ports.ReservationStore }

func (s eager) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if c.SignUp == nil {
		return s.ReservationStore.Claim(ctx, c)
	}
	owner, err := c.SignUp(ctx)
	if err != nil {
		return ports.ClaimedTenant{}, err
	}
	c.Owner, c.SignUp = owner, nil
	return s.ReservationStore.Claim(ctx, c)
}

// fickle gives a claim up with its caller, also after the account was made.
type fickle struct{ ports.ReservationStore }

func (s fickle) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	if signUp := c.SignUp; signUp != nil {
		c.SignUp = func(ctx context.Context) (domain.Identity, error) {
			who, err := signUp(ctx)
			return who, errors.Join(err, ctx.Err())
		}
	}
	return s.ReservationStore.Claim(ctx, c)
}

// unlimited ignores a limit that the change takes away.
type unlimited struct {
	ports.TenantStore
	change func(*ports.MakingLimits)
}

func (s unlimited) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	s.change(&n.Limits)
	return s.TenantStore.Create(ctx, n)
}

// crowded ignores the limits of reservations.
type crowded struct{ ports.ReservationStore }

func (s crowded) Reserve(ctx context.Context, n ports.NewReservation) (domain.Tenant, error) {
	n.Limits = nil
	return s.ReservationStore.Reserve(ctx, n)
}

// misplaced loses the field of its errors.
type misplaced struct{ ports.TenantStore }

func (s misplaced) Create(ctx context.Context, n ports.NewTenant) (ports.CreatedTenant, error) {
	created, err := s.TenantStore.Create(ctx, n)
	if e, ok := errors.AsType[*domain.Error](err); ok {
		lost := *e
		lost.Field = ""
		err = &lost
	}
	return created, err
}

// racy hands every other wrong code of a crowd to nobody.
type racy struct {
	ports.UserStore
	busy sync.Mutex
}

func (s *racy) Confirm(ctx context.Context, subject string, code domain.TokenHash) error {
	if !s.busy.TryLock() {
		return &domain.Error{Kind: domain.Invalid, Code: domain.CodeCodeInvalid}
	}
	defer s.busy.Unlock()
	defer time.Sleep(time.Millisecond)
	return s.UserStore.Confirm(ctx, subject, code)
}

type lenient struct{ ports.UserStore }

func (s lenient) RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	user, err := s.UserStore.RotateSession(ctx, token, next, grace)
	if domain.CodeOf(err) == domain.CodeRefreshReused {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeRefreshInvalid}
	}
	return user, err
}

type patient struct{ ports.UserStore }

func (s patient) RotateSession(ctx context.Context, token, next domain.TokenHash, _ time.Duration) (ports.StoredUser, error) {
	return s.UserStore.RotateSession(ctx, token, next, time.Hour)
}

type hasty struct{ ports.UserStore }

func (s hasty) RotateSession(ctx context.Context, token, next domain.TokenHash, _ time.Duration) (ports.StoredUser, error) {
	return s.UserStore.RotateSession(ctx, token, next, 0)
}

// squatted keeps the first password of a sign-up that is renewed.
type squatted struct{ ports.UserStore }

func (s squatted) RenewSignUp(ctx context.Context, user ports.StoredUser, code ports.NewCode) error {
	first, err := s.UserBySubject(ctx, user.Subject)
	if err != nil {
		return err
	}
	user.PasswordHash = first.PasswordHash
	return s.UserStore.RenewSignUp(ctx, user, code)
}

// literal finds no address whose domain is written in Unicode.
type literal struct{ ports.UserStore }

func (s literal) UserByEmail(ctx context.Context, email domain.Email) (ports.StoredUser, error) {
	if !email.IsZero() && email.String() != email.ASCII() {
		return ports.StoredUser{}, &domain.Error{Kind: domain.NotFound}
	}
	return s.UserStore.UserByEmail(ctx, email)
}

// gullible takes whoever starts a session for somebody who read the user just now.
type gullible struct{ ports.UserStore }

func (s gullible) StartSession(ctx context.Context, user ports.StoredUser, token domain.TokenHash, ttl time.Duration) error {
	current, err := s.UserBySubject(ctx, user.Subject)
	if err != nil {
		return err
	}
	return s.UserStore.StartSession(ctx, current, token, ttl)
}

type lax struct {
	ports.ObjectStore
	breaks func(*ports.Upload)
}

func (s lax) SignUpload(ctx context.Context, key domain.ObjectKey, upload ports.Upload) (ports.SignedRequest, error) {
	s.breaks(&upload)
	return s.ObjectStore.SignUpload(ctx, key, upload)
}

type telltale struct{ ports.IdentityProvider }

func (p telltale) SignIn(ctx context.Context, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	step, err := p.IdentityProvider.SignIn(ctx, email, password)
	if domain.CodeOf(err) == domain.CodeInvalidCredentials {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeInvalidCredentials, Message: email.String() + " mistyped it"}
	}
	return step, err
}

type tireless struct{ ports.IdentityProvider }

func (p tireless) Refresh(ctx context.Context, token domain.Secret) (ports.Tokens, error) {
	tokens, err := p.IdentityProvider.Refresh(ctx, token)
	if domain.CodeOf(err) == domain.CodeRefreshReused {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeRefreshInvalid}
	}
	return tokens, err
}

type obliging struct{ ports.IdentityProvider }

func (p obliging) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	err := p.IdentityProvider.SignOutEverywhere(ctx, access)
	if domain.CodeOf(err) == domain.CodeInvalidToken {
		return nil
	}
	return err
}

// stubborn refuses the second sign-up with an address.
type stubborn struct {
	ports.IdentityProvider
	seen *sync.Map
}

func (p stubborn) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.NewUser, error) {
	if _, seen := p.seen.LoadOrStore(email.Key(), true); seen {
		return ports.NewUser{}, &domain.Error{Kind: domain.Conflict, Code: domain.CodeUserExists, Field: "email"}
	}
	return p.IdentityProvider.SignUp(ctx, email, password)
}

// strict takes what can't be a code for a wrong one.
type strict struct{ ports.IdentityProvider }

func (p strict) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	if digits, ok := domain.ParseOneTimeCode(code); !ok || digits != code {
		code = domain.NewSecret("00000000")
	}
	return p.IdentityProvider.ResetPassword(ctx, email, code, password)
}

// unhelpful sends no code for a new password.
type unhelpful struct{ ports.IdentityProvider }

func (p unhelpful) ForgotPassword(ctx context.Context, _ domain.Email) error { return ctx.Err() }

type smuggler struct{ ports.Mailer }

func (m smuggler) Send(ctx context.Context, mail ports.Mail) error {
	mail.Subject = strings.ReplaceAll(mail.Subject, "\r", "")
	return m.Mailer.Send(ctx, mail)
}

// stale remembers its first answer.
type stale struct {
	ports.Dependency
	once sync.Once
	err  error
}

func (d *stale) Ready(ctx context.Context) error {
	d.once.Do(func() { d.err = d.Dependency.Ready(ctx) })
	return d.err
}
