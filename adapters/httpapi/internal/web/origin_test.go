package web_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
)

func TestOriginsAsBrowsersSendThem(t *testing.T) {
	for _, origin := range []string{
		"https://app.example.com", "https://app.example.com:8443", "http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:3000",
		"https://xn--mnchen-3ya.example", "https://a_b.example.com", "https://app.example.com.", "http://localhost", "http://tauri.localhost",
		"http://[::ffff:7f00:1]", "https://example.com:80", "http://example.com:443", "https://1and1.example", "https://r3---sn-ab.example.com", "https://-a.example", "https://xn--ls8h.la",
		"capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://obsidian.md", "vscode-webview://1a2b",
		"chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb", "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc", "capacitor://localhost:8100",
	} {
		if err := web.CheckOrigin(origin); err != nil {
			t.Errorf("%s: %v", origin, err)
		}
	}
	for origin, says := range map[string]string{
		"https://App.Example.com":            "https://app.example.com",
		"HTTPS://app.example.com":            "https://app.example.com",
		"https://app.example.com/":           "https://app.example.com",
		"https://app.example.com:443":        "https://app.example.com",
		"https://app.example.com:0443/a?b#c": "https://app.example.com",
		"http://localhost:80":                "http://localhost",
		"http://localhost:03000":             "http://localhost:3000",
		"https://app.example.com:":           "https://app.example.com",
		"https://app.example.com/page":       "https://app.example.com",
		"https://app.example.com?x=1":        "https://app.example.com",
		"https://user@app.example.com":       "https://app.example.com",
		"https://münchen.example":            "https://xn--mnchen-3ya.example",
		"https://MÜNCHEN.example:443":        "https://xn--mnchen-3ya.example",
		"https://straße.example":             "https://xn--strae-oqa.example",
		"https://m%C3%BCnchen.example":       "https://xn--mnchen-3ya.example",
		"https://ｅｘａｍｐｌｅ.com":                "https://example.com",
		"http://[0:0:0:0:0:0:0:1]:3000":      "http://[::1]:3000",
		"http://[::FFFF:127.0.0.1]":          "http://[::ffff:7f00:1]",
		"wss://app.example.com":              "https://app.example.com",
		"ws://localhost:3000":                "http://localhost:3000",
		"capacitor://localhost/":             "capacitor://localhost",
		"Capacitor://Localhost":              "capacitor://localhost",
		"chrome-extension://ABC/page.html":   "chrome-extension://abc",
		"null":                               "null",
		"file://":                            "null",
		"file:///home/a/index.html":          "null",
		"data://x":                           "null",
		"*":                                  "no *",
		"https://*.example.com":              "no *",
		"app.example.com":                    "https://app.example.com",
		"//app.example.com":                  "https://app.example.com",
		"://app.example.com":                 "https://app.example.com",
		"https:app.example.com":              "https://app.example.com",
		"https://":                           "a host",
		"capacitor://":                       "a host",
		"https://[::1":                       "brackets",
		"https://[fe80::1%25eth0]":           "brackets",
		"https://::1":                        "not a possible host",
		"https://127.0.1":                    "four numbers",
		"https://127.0.0.256":                "four numbers",
		"https://a:99999":                    "65535",
		"https://a:b":                        "65535",
		"https://a b.example":                "not a possible host",
		"https://a\tb.example":               "not a possible host",
		"https://xn--a":                      "not a possible host",
		"https://💩.la":                       "https://xn--ls8h.la",
		"https://1.2.3.4.":                   "https://1.2.3.4",
		"http://0x7f.1":                      "four numbers",
		"http://127.0.0.0x1":                 "four numbers",
		"http://0X7F000001":                  "four numbers",
		"https://a..example":                 "not a possible host",
		"":                                   "https://app.example.com",
	} {
		err := web.CheckOrigin(origin)
		if !errors.Is(err, domain.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: want %q, got %v", origin, says, err)
		}
	}
}
