package mails

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// hostile would change the mail if it were not escaped.
const hostile = `</p><a href='//evil.example'>"&amp;<script>alert(1)</script><!-- ]]>`

func TestADraftEscapesWhatItIsGiven(t *testing.T) {
	for name, add := range map[string]func(*draft){
		"a paragraph": func(d *draft) { d.paragraph("%s", hostile) },
		"a code":      func(d *draft) { d.code(domain.NewSecret(hostile)) },
		"a link":      func(d *draft) { d.link(domain.NewSecret(hostile)) },
		"a subject":   func(*draft) {},
	} {
		t.Run(name, func(t *testing.T) {
			var d draft
			add(&d)
			content := d.content(hostile)
			var page struct {
				Title string `xml:"head>title"`
				Body  struct {
					All []struct {
						Text string `xml:",chardata"`
						Link struct {
							To   string `xml:"href,attr"`
							Text string `xml:",chardata"`
						} `xml:"a"`
					} `xml:",any"`
				} `xml:"body"`
			}
			if err := xml.NewDecoder(strings.NewReader(content.HTML)).Decode(&page); err != nil {
				t.Fatalf("%v\n%s", err, content.HTML)
			}
			if page.Title != hostile || len(page.Body.All) > 1 {
				t.Errorf("got %+v\n%s", page, content.HTML)
			}
			for _, p := range page.Body.All {
				if p.Text+p.Link.Text != hostile || p.Link.To != "" && p.Link.To != hostile {
					t.Errorf("got %+v\n%s", p, content.HTML)
				}
			}
			if content.Subject != hostile || content.Text != "" && content.Text != hostile+"\n" {
				t.Errorf("the text is %q", content.Text)
			}
		})
	}
}
