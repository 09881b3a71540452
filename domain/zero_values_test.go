package domain_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/files"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// The use cases refuse zero values before they call a port, so no adapter checks them.
// This test calls each method of each service: with valid values it reaches a port,
// which is nil here and panics; with one zero value it must return an error instead.
func TestNoZeroValueReachesAPort(t *testing.T) {
	valid := validArguments(t)
	for _, service := range []any{
		&access.Service{},
		&tenants.Service{},
		&members.Service{},
		&invitations.Service{},
		&identities.Service{Tenants: &tenants.Service{}, Invitations: &invitations.Service{}},
		&files.Service{},
		&events.Service{},
	} {
		methods := reflect.ValueOf(service)
		for i := range methods.NumMethod() {
			name := fmt.Sprintf("%s.%s", methods.Type().Elem(), methods.Type().Method(i).Name)
			t.Run(name, func(t *testing.T) { refusesZeroValues(t, name, methods.Method(i), valid) })
		}
	}
}

func refusesZeroValues(t *testing.T, name string, method reflect.Value, valid map[reflect.Type]any) {
	t.Helper()
	count := method.Type().NumIn()
	if method.Type().IsVariadic() {
		count-- // what may be repeated may be left out
	}
	arguments := make([]reflect.Value, count)
	for i := range arguments {
		of := method.Type().In(i)
		value, known := valid[of]
		if !known {
			t.Fatalf("the test has no valid %v", of)
		}
		arguments[i] = reflect.ValueOf(value).Convert(of)
	}
	if reached, _ := call(method, arguments); !reached {
		t.Fatal("valid values do not reach a port")
	}
	for i, argument := range arguments {
		for field, changed := range zeroed(argument) {
			if slices.Contains(mayBeZero, name+" "+field) {
				continue
			}
			reached, err := call(method, slices.Replace(slices.Clone(arguments), i, i+1, changed))
			kind := domain.KindOf(err)
			if reached || kind != domain.Invalid && kind != domain.Forbidden && kind != domain.Unauthenticated {
				t.Errorf("without a %s: a port is reached: %v, the error is %v", field, reached, err)
			}
		}
	}
}

// mayBeZero lists the arguments that have a meaning as zero values.
var mayBeZero = []string{
	"tenants.Service.List TenantID",   // it comes before all others
	"tenants.Service.Search TenantID", // it comes before all others
	"tenants.Service.Search TenantQuery.Owner",
	"tenants.Service.Create Creator.Caller",           // the operator reserves an ID
	"tenants.Service.Create Creator.For",              // the caller becomes the owner
	"tenants.Service.Create Creator.Operator",         // the caller creates a tenant
	"tenants.Service.Claim Creator.For",               // the caller becomes the owner
	"tenants.Service.Claim Creator.Caller",            // the operator claims for an identity
	"tenants.Service.Claim Creator.Operator",          // the caller claims
	"tenants.Service.Claim Secret",                    // no tenant has the token
	"tenants.Service.ClaimBySignUp Secret",            // no tenant has the token
	"members.Service.List Identity",                   // it comes before all others
	"invitations.Service.Create Caller",               // an invitation by link needs none
	"invitations.Service.Create Invite.Email",         // an invitation by link
	"invitations.Service.Resend Caller",               // an invitation by link needs none
	"invitations.Service.List InvitationID",           // it comes before all others
	"invitations.Service.IssueToken Event.OnBehalfOf", // a member invites for themselves
	"invitations.Service.Preview Secret",              // no invitation has the token
	"invitations.Service.Accept Secret",               // no invitation has the token
	"invitations.Service.AcceptBySignUp Secret",       // no invitation has the token
	"events.Service.ListAll TenantID",                 // the events of all tenants
	"identities.Service.SignUp SignUp.ClaimToken",
	"identities.Service.SignUp SignUp.InvitationToken",
	"identities.Service.SignOut Caller", // the refresh token is enough
}

// refusable are the types whose zero values a use case refuses.
var refusable = []reflect.Type{
	reflect.TypeFor[domain.TenantID](), reflect.TypeFor[domain.Identity](), reflect.TypeFor[domain.Email](), reflect.TypeFor[domain.Secret](),
	reflect.TypeFor[ports.Caller](), reflect.TypeFor[access.Member](), reflect.TypeFor[access.Operator](), reflect.TypeFor[access.Manager](),
	reflect.TypeFor[domain.InvitationID](), reflect.TypeFor[access.Steward](), reflect.TypeFor[access.Reader](),
}

// zeroed returns the argument without its value, or copies of a struct that each lack
// one of its fields.
func zeroed(argument reflect.Value) map[string]reflect.Value {
	of := argument.Type()
	if slices.Contains(refusable, of) {
		return map[string]reflect.Value{of.Name(): reflect.Zero(of)}
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	lacking := map[string]reflect.Value{}
	for i := range of.NumField() {
		if field := of.Field(i); field.IsExported() && slices.Contains(refusable, field.Type) {
			changed := reflect.New(of).Elem()
			changed.Set(argument)
			changed.Field(i).SetZero()
			lacking[of.Name()+"."+field.Name] = changed
		}
	}
	return lacking
}

// call returns the error of a method, or reports that it reached a port, which is nil.
func call(method reflect.Value, arguments []reflect.Value) (reached bool, err error) {
	defer func() { reached = recover() != nil }()
	results := method.Call(arguments)
	err, _ = reflect.TypeAssert[error](results[len(results)-1])
	return false, err
}

// validArguments returns a valid argument of each type.
func validArguments(t *testing.T) map[reflect.Type]any {
	t.Helper()
	acme := domain.Must(domain.ParseTenantID("acme"))
	ada, bob := domain.Must(domain.NewIdentity("local", "ada")), domain.Must(domain.NewIdentity("local", "bob"))
	viewer, steward := domain.RoleViewer, domain.Must(access.Installation().Steward(acme))
	digits, email := domain.NewSecret("12345678"), domain.Must(domain.ParseEmail("ada@example.com"))
	caller := ports.NewCaller(ada, domain.NewSecret("token"), time.Now().Add(time.Hour))
	invited := domain.Must(domain.NewInvitationEvent(t.Context(), domain.EventInvitationCreated, domain.OperatorActor(),
		domain.Invitation{ID: domain.NewInvitationID(time.Now()), Tenant: acme, Email: email}, domain.InvitationID{}))
	arguments := map[reflect.Type]any{}
	for _, value := range []any{
		acme, ada, digits, email, caller, memberOf(t, acme, bob), access.Installation(), domain.Must(access.Installation().Manager(acme)), limits.Address{}, viewer, 10, "a.txt",
		func(string) {},
		func(context.Context) (domain.Identity, error) { return ada, nil },
		tenants.Creator{Caller: caller, Operator: access.Installation(), For: ada},
		steward, steward.Reader(), tenants.Edit{}, domain.TenantLimitsEdit{}, ports.TenantQuery{Owner: ada},
		tenants.Creation{ID: acme, Name: "Acme"},
		identities.SignUp{Email: email, Password: digits, ClaimToken: digits},
		identities.SignOut{RefreshToken: digits},
		ports.ChallengeAnswer{Name: "NEW_PASSWORD_REQUIRED", Session: digits},
		files.Upload{Filename: "a.txt"},
		files.Attachment, domain.Must(domain.NewObjectKey(acme, "a.txt")),
		members.Grant{Identity: ada, Role: viewer, Reason: "support"},
		members.Filter{},
		invitations.Invite{Email: email, Role: viewer}, domain.NewInvitationID(time.Now()), domain.InvitationOpen, invited,
		events.Query{},
		events.Handler(func(context.Context, domain.Event) error { return nil }),
		domain.MembershipChange{Role: &viewer},
	} {
		arguments[reflect.TypeOf(value)] = value
	}
	arguments[reflect.TypeFor[context.Context]()] = t.Context()
	return arguments
}

// memberOf returns the proof that owner belongs to a new tenant.
func memberOf(t *testing.T, id domain.TenantID, owner domain.Identity) access.Member {
	t.Helper()
	db := &memory.DB{}
	if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: id, Owner: owner}); err != nil {
		t.Fatal(err)
	}
	member, err := (&access.Service{Members: db.Members()}).Admit(t.Context(), owner, id)
	if err != nil {
		t.Fatal(err)
	}
	return member
}

func TestRequireRefusesZeroValues(t *testing.T) {
	for field, err := range map[string]error{
		"tenantId":     domain.TenantID{}.Require(),
		"sub":          domain.Identity{}.Require(),
		"email":        domain.Email{}.Require(),
		"invitationId": domain.InvitationID{}.Require(),
	} {
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
			t.Errorf("got %v, want an invalid %s", err, field)
		}
	}
}
