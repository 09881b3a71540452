package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

// TestAClaimIsKilledAtEachStep claims tenants over HTTP from a process that is killed at
// one of its messages to the database. The caller then repeats the claim at another process.
func TestAClaimIsKilledAtEachStep(t *testing.T) {
	if c, _, child := asChild(t); child {
		serveInChild(t, c)
		return
	}
	t.Parallel()
	c := newClaimCrash(t)
	for name, way := range map[string]claimWay{"by sign-up": claimBySignUp, "signed in": claimSignedIn} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if *killRounds == 0 {
				c.kill(t, way, rand.IntN(claimStride), claimStride)
				return
			}
			for range *killRounds {
				c.kill(t, way, 0, 1)
			}
		})
	}
}

// claimStride is how many steps of a claim are left out between two kills, unless each
// step is killed. An owner claims by 40 messages or so.
const claimStride = 8

// claimCrash is an installation with processes that are killed in a claim.
type claimCrash struct {
	crashTest
	api string // of this process
}

func newClaimCrash(t *testing.T) claimCrash {
	t.Helper()
	c := claimCrash{crashTest: newCrashTest(t)}
	pw, err := app.New(t.Context(), c.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pw.Close() })
	pw.Identities.Limits, pw.Tenants.Limits = nil, nil // all claims come from one address
	server := httptest.NewServer(pw.Handler())
	t.Cleanup(server.Close)
	c.api = server.URL
	return c
}

// claimant asks to own a reserved tenant.
type claimant struct {
	tenant, email, claimToken string
	accessToken               string // empty: signs up
}

const claimantPassword = "correct horse battery"

// claimWay is a request that claims a tenant.
type claimWay struct {
	signedIn bool
	send     func(t *testing.T, api string, who claimant) (status int, err error)
}

var (
	claimBySignUp = claimWay{false, func(t *testing.T, api string, who claimant) (int, error) {
		t.Helper()
		return call(t, api+"/auth/signup", "", map[string]string{"email": who.email, "password": claimantPassword, "claimToken": who.claimToken}, nil)
	}}
	claimSignedIn = claimWay{true, func(t *testing.T, api string, who claimant) (int, error) {
		t.Helper()
		return call(t, api+"/tenants/"+who.tenant+"/claim", who.accessToken, map[string]string{"claimToken": who.claimToken}, nil)
	}}
)

// call posts a JSON body, and reads the answer if it is one.
func call(t *testing.T, url, accessToken string, body, answer any) (status int, err error) {
	t.Helper()
	request := domain.Must(http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(domain.Must(json.Marshal(body)))))
	request.Header.Set("Content-Type", "application/json")
	if accessToken != "" {
		request.Header.Set("Authorization", "Bearer "+accessToken)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if answer == nil {
		answer = &struct{}{}
	}
	return response.StatusCode, json.NewDecoder(response.Body).Decode(answer)
}

// kill kills a process at every so many of its messages, until a claim has no more.
func (c claimCrash) kill(t *testing.T, way claimWay, first, stride int) {
	t.Helper()
	step := first
	for killed := true; killed; step += stride {
		// Each tenant counts as one of an owner who has not confirmed an address.
		c.execute(t, `DELETE FROM partywall.unconfirmed`)
		killed = c.killAt(t, way, step+1)
	}
	t.Logf("a claim has fewer than %d messages", step)
	if step < 3*claimStride {
		t.Error("they are too few")
	}
}

// killAt kills a process at a message of the claim. It reports whether the claim had so
// many.
func (c claimCrash) killAt(t *testing.T, way claimWay, message int) (killed bool) {
	t.Helper()
	who := c.reserve(t, way)
	process := c.start(t, message%2 == 0)
	process.proxy.killAt(message)
	status, err := way.send(t, process.api, who)
	process.proxy.killAt(0)
	if err == nil && status/100 != 2 {
		t.Fatalf("the claim is answered with %d at message %d", status, message)
	}
	when := fmt.Sprintf("message %d of the claim of %s", message, who.tenant)
	process.kill()
	c.mustFindNoFault(t, when)
	if acknowledged := err == nil; acknowledged && c.count(t, `partywall.tenants WHERE id = $1 AND status = 'active'`, who.tenant) != 1 {
		t.Errorf("%s: it was acknowledged, and is lost", when)
	}
	c.repeat(t, way, who)
	c.mustBeWhole(t, who, when)
	return err != nil
}

// reserve reserves a tenant, and creates the account of a claimant who signs in.
func (c claimCrash) reserve(t *testing.T, way claimWay) claimant {
	t.Helper()
	who := claimant{tenant: fmt.Sprintf("t-%x", rand.Uint64())}
	who.email = who.tenant + "@example.com"
	reserved, err := c.registry.Tenants.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: domain.Must(domain.ParseTenantID(who.tenant))})
	if err != nil {
		t.Fatal(err)
	}
	who.claimToken = reserved.ClaimToken.Reveal()
	if way.signedIn {
		status, err := call(t, c.api+"/auth/signup", "", map[string]string{"email": who.email, "password": claimantPassword}, nil)
		if err != nil || status != http.StatusCreated {
			t.Fatalf("the sign-up is answered with %d, %v", status, err)
		}
		who.accessToken = c.signIn(t, who)
	}
	return who
}

func (c claimCrash) signIn(t *testing.T, who claimant) (accessToken string) {
	t.Helper()
	var answer struct{ AccessToken string }
	status, err := call(t, c.api+"/auth/signin", "", map[string]string{"email": who.email, "password": claimantPassword}, &answer)
	if err != nil || status != http.StatusOK || answer.AccessToken == "" {
		t.Fatalf("the sign-in is answered with %d, %v", status, err)
	}
	return answer.AccessToken
}

// repeat claims the tenant as the answers of the API advise.
func (c claimCrash) repeat(t *testing.T, way claimWay, who claimant) {
	t.Helper()
	if status, err := way.send(t, c.api, who); err == nil && status/100 == 2 {
		return
	} else if err != nil || way.signedIn {
		t.Fatalf("the claim of %s is answered with %d, %v", who.tenant, status, err)
	}
	who.accessToken = c.signIn(t, who) // the account exists
	if status, err := claimSignedIn.send(t, c.api, who); err != nil || status/100 != 2 {
		t.Errorf("the claim of %s, signed in, is answered with %d, %v", who.tenant, status, err)
	}
}

// mustBeWhole fails unless the tenant, its owner and its event exist once, and its
// reservation no more.
func (c claimCrash) mustBeWhole(t *testing.T, who claimant, when string) {
	t.Helper()
	c.mustFindNoFault(t, when+", repeated")
	for what, want := range map[string]int{
		`partywall.tenants WHERE id = $1 AND status = 'active'`:                                            1,
		`partywall.memberships WHERE tenant = $1 AND role = 'owner'`:                                       1,
		`partywall.reservations WHERE id = $1`:                                                             0,
		`partywall.claims WHERE tenant = $1`:                                                               1,
		`partywall.events WHERE tenant = $1 AND kind = 'tenant.claimed'`:                                   1,
		`partywall.users WHERE email = $1 || '@example.com'`:                                               1,
		`pg_namespace WHERE nspname = 'tenant_' || $1`:                                                     1,
		`pg_roles WHERE rolname = (SELECT 'pw_' || inst || '_t_' || $1::text FROM partywall.installation)`: 1,
	} {
		if got := c.count(t, what, who.tenant); got != want {
			t.Errorf("%s: there are %d rows in %s, want %d", when, got, what, want)
		}
	}
}

func (c crashTest) count(t *testing.T, from string, tenant string) (n int) {
	t.Helper()
	if err := c.super.GetContext(t.Context(), &n, `SELECT count(*) FROM `+from, tenant); err != nil {
		t.Fatal(err)
	}
	return n
}

// servingProcess is a child process that serves the API.
type servingProcess struct {
	*exec.Cmd
	api   string
	proxy *killingProxy
	ended chan struct{}
}

// servesAt is what the process prints before its address.
const servesAt = "the API is served at "

// start starts a process, and waits until it is ready.
func (c claimCrash) start(t *testing.T, passes bool) *servingProcess {
	t.Helper()
	proxy := newKillingProxy(t, fmt.Sprintf("%s:%d", c.server.Host, c.server.Port))
	process := &servingProcess{Cmd: c.child(t.Context(), "TestAClaimIsKilledAtEachStep", proxy.port(), 0), proxy: proxy, ended: make(chan struct{})}
	proxy.passes, proxy.kill = passes, process.kill
	process.Stderr = os.Stderr
	output := domain.Must(process.StdoutPipe())
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for process.api == "" && lines.Scan() {
		_, process.api, _ = strings.Cut(lines.Text(), servesAt)
	}
	go func() {
		_ = process.Wait()
		close(process.ended)
	}()
	if process.api == "" {
		t.Fatal("the process did not start")
	}
	process.awaitReady(t)
	return process
}

func (p *servingProcess) awaitReady(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		request := domain.Must(http.NewRequestWithContext(ctx, http.MethodGet, p.api+"/readyz", nil))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends the process as kill -9 does, and waits for its end.
func (p *servingProcess) kill() {
	_ = p.Process.Kill()
	<-p.ended
	p.proxy.close()
}

// serveInChild serves the API until the process is killed.
func serveInChild(t *testing.T, c crashTest) {
	pw, err := app.New(t.Context(), c.config())
	if err != nil {
		t.Fatal(err)
	}
	listener := domain.Must((&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"))
	fmt.Println(servesAt + "http://" + listener.Addr().String())
	t.Error(pw.Serve(t.Context(), listener))
}
