package cli

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// lifeUntilTheEnd is the story of [TestTheLifeOfATenant] in events, until the operator
// purges the tenant: each kind with its author.
var lifeUntilTheEnd = []string{
	"tenant.claimed by ada",
	"invitation.created by ada", "invitation.accepted by bob",
	"invitation.created by ada", "invitation.accepted by eve",
	"invitation.created by ada", "invitation.accepted by dan",
	"member.role_changed by ada", "member.suspended by bob", "member.resumed by bob",
	"member.added by operator", "member.left by sam",
	"tenant.handed_over by ada", "member.left by ada",
	"tenant.suspended by operator", "tenant.resumed by operator",
	"tenant.deleted by operator", "tenant.restored by operator", "tenant.deleted by operator",
}

var lifeFromThere = []string{
	"tenant.purge_started by operator", "tenant.purged by system", "tenant.freed by operator", "tenant.created by zoe",
}

// mustListEvents requires the story until the end of the tenant, with the addresses that a
// purge blanks.
func (l *life) mustListEvents() {
	l.t.Helper()
	l.chapter("the events have the story so far")
	events := l.awaitEvents(l.operator, "/admin/tenants/acme/events", lifeUntilTheEnd)
	for _, address := range []string{l.bob.email(), `address:127.0.0.1`} {
		if !strings.Contains(fmt.Sprint(events), address) {
			l.t.Errorf("no event has %s: %v", address, events)
		}
	}
}

// mustHaveTheStory requires the whole story, of which the new tenant sees only its own
// part, and in which the purge left no address.
func (l *life) mustHaveTheStory() {
	l.t.Helper()
	l.chapter("the events have the whole story in order, without the addresses of the tenant that is purged")
	story := slices.Concat(lifeUntilTheEnd, lifeFromThere)
	events := l.awaitEvents(l.operator, "/admin/events", story)
	purged := slices.Index(story, "tenant.purged by system")
	for _, p := range []*person{l.ada, l.bob, l.dan, l.eve, l.sam} {
		if strings.Contains(fmt.Sprint(events), p.email()) {
			l.t.Errorf("after the purge an event has %s: %v", p.email(), events)
		}
	}
	if before := fmt.Sprint(events[:purged]); strings.Contains(before, "address:") {
		l.t.Errorf("after the purge an event has a network address: %s", before)
	}
	l.awaitEvents(l.zoe, "/tenants/acme/events", []string{"tenant.created by zoe"})
}

// awaitEvents waits until the list has as many events as the story, which a server numbers
// soon after they happen, and requires that they are the story's.
func (l *life) awaitEvents(by *person, path string, story []string) (events []map[string]any) {
	l.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		events = items(l.t, l.call(by, "GET", path+"?limit=200", nil, http.StatusOK))
		if len(events) >= len(story) || time.Now().After(deadline) {
			break
		}
	}
	var got []string
	for _, event := range events {
		got = append(got, fmt.Sprintf("%s by %s", event["kind"], l.author(event)))
	}
	if !slices.Equal(got, story) {
		l.t.Errorf("the events of %s are\n%s\nnot\n%s", path, strings.Join(got, "\n"), strings.Join(story, "\n"))
	}
	return events
}

// author returns the name of the user, or the kind of the actor.
func (l *life) author(event map[string]any) any {
	actor, _ := event["actor"].(map[string]any)
	for _, p := range []*person{l.ada, l.bob, l.dan, l.eve, l.sam, l.zoe} {
		if p.sub != "" && actor["sub"] == p.sub {
			return p.name
		}
	}
	return actor["kind"]
}

// mustKeepSecrets requires that no token or password is in the log or in an event.
func (l *life) mustKeepSecrets() {
	l.t.Helper()
	awaitSaid(l.t, l.server, "tenant.freed") // the consumer that writes the audit log works beside the requests
	if code := l.server.stop(l.t); code != exitOK {
		l.t.Errorf("exit %d on SIGTERM", code)
	}
	events := succeeding(l.t, l.env)("events", "--json")
	if !strings.Contains(events, "tenant.freed") {
		l.t.Errorf("the command lists %s", events)
	}
	for _, secret := range append(l.secrets, l.env["DB_PASSWORD"], l.env["AWS_SECRET_ACCESS_KEY"], "X-Amz-Signature") {
		if strings.Contains(l.server.said(), secret) || strings.Contains(events, secret) {
			l.t.Errorf("the log or an event has %.8s...", secret)
		}
	}
}
