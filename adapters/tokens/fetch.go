package tokens

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	fetchTimeout = 2 * time.Second // from the dial to the last byte
	maxSetLen    = 256 << 10       // bytes
	maxHeaderLen = 64 << 10        // bytes
)

// newClient returns a client that keeps no connection and no cookie between two
// fetches. For a URL on loopback it connects to no other host, not even to a proxy.
func newClient(loopback bool, proxy func(*http.Request) (*url.URL, error)) *http.Client {
	dialer := &net.Dialer{}
	if loopback {
		dialer.Control, proxy = dialLoopback, nil
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  proxy,
			DialContext:            dialer.DialContext,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeaderLen,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetch gets a document of at most maxSetLen bytes from the set's URL, without
// following redirects.
func fetch(ctx context.Context, client *http.Client, from string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxSetLen+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxSetLen {
		return nil, fmt.Errorf("the answer has more than %d bytes", maxSetLen)
	}
	return body, nil
}
