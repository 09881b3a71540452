package httpapi

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// openapi.json is made of openapi.yaml.
//go:generate go test -run TestWhatIsMadeOfTheDocument -update .

// documentationFiles are /openapi.json, which describes the API, and /docs, a page to
// read and try it. Both are inside the program and ask no other server for anything.
//
//go:embed openapi.json docs
var documentationFiles embed.FS

// pageParts are the files that the page loads, by name.
type pageParts map[string]file

func partsOfPage() pageParts {
	parts := pageParts{}
	for _, name := range []string{"page.css", "page.js", "dom.js", "schema.js", "try.js", "icon.svg"} {
		parts[name] = embedded(name)
	}
	return parts
}

// serve answers with the part that the path names.
func (p pageParts) serve(c echo.Context) error {
	part, found := p[c.Param("file")]
	if !found {
		return echo.ErrNotFound
	}
	return part.serve(c)
}

// exampleServer is the server that openapi.json names.
const exampleServer = `"url": "http://localhost:3000"`

// describedAt returns the description of the API, which names public as its server.
func describedAt(public *url.URL) []byte {
	description := mustRead("openapi.json")
	if public == nil {
		return description
	}
	address, err := json.Marshal(strings.TrimSuffix(public.String(), "/"))
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return bytes.Replace(description, []byte(exampleServer), append([]byte(`"url": `), address...), 1)
}

// pagePolicy lets the page load its own parts and call the API beside it, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is a part of the documentation.
type file struct {
	contentType string
	content     []byte
	etag        string
}

func newFile(contentType string, content []byte) file {
	sum := sha256.Sum256(content)
	return file{contentType, content, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// embedded returns the file of that name, whose extension says its type.
func embedded(name string) file {
	_, extension, _ := strings.Cut(name, ".")
	contentType := map[string]string{
		"html": "text/html; charset=utf-8",
		"css":  "text/css; charset=utf-8",
		"js":   "text/javascript; charset=utf-8",
		"svg":  "image/svg+xml",
	}[extension]
	return newFile(contentType, mustRead("docs/"+name))
}

func mustRead(name string) []byte {
	content, err := documentationFiles.ReadFile(name)
	if err != nil {
		panic(err) // the program was built without it
	}
	return content
}

// serve answers with the file. A browser asks each time whether it has changed, because
// a new release has files of the same names.
func (f file) serve(c echo.Context) error {
	header := c.Response().Header()
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", f.etag)
	if strings.Contains(c.Request().Header.Get("If-None-Match"), f.etag) {
		return c.NoContent(http.StatusNotModified)
	}
	header.Set("Content-Length", strconv.Itoa(len(f.content)))
	return c.Blob(http.StatusOK, f.contentType, f.content)
}
