package cli

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"
)

// remedies maps each check of GET /readyz to a message about its failure.
func remedies() map[string]string {
	return map[string]string{
		"database":     "the database is not ready: check DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_SSLMODE",
		"jwks":         "the keys that verify tokens are not available: check COGNITO_USER_POOL_ID, COGNITO_ISSUER and COGNITO_JWKS_URL",
		"object_store": "the bucket is not ready: check S3_BUCKET_NAME, S3_REGION, AWS_REGION, AWS_ENDPOINT_URL_S3 and the AWS credentials",
	}
}

// lookWhetherReady asks a server that has just started why it is not ready,
// and logs the reasons, because a wrong name or key is best found at once. Checks that
// need a moment, such as fetching keys, get one.
func lookWhetherReady(ctx context.Context, log *slog.Logger, api string) {
	var away []string
	for range 3 {
		var err error
		if away, err = notReady(ctx, api); err != nil || len(away) == 0 {
			return // the server reports its own failure
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
	for _, check := range away {
		log.Warn(remedies()[check]+" (the last line about /readyz has the cause; the server keeps trying)", "check", check)
	}
}

// notReady returns the checks of GET /readyz that fail.
func notReady(ctx context.Context, url string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Checks map[string]struct{ Status string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	maps.DeleteFunc(answer.Checks, func(_ string, check struct{ Status string }) bool { return check.Status == "ok" })
	return slices.Sorted(maps.Keys(answer.Checks)), nil
}
