package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/partywall-go/partywall/cmd/internal/measure"
)

const (
	connections = 32
	rounds      = 7
	roundTime   = 1500 * time.Millisecond
	warmUp      = time.Second
)

// speed is the result of a load of requests.
type speed struct {
	perSecond float64
	p50, p99  time.Duration
}

// load sends one request repeatedly over 32 connections. Each connection sends the next
// request when it has received the answer.
func load(ctx context.Context, addr, request string, length time.Duration) (speed, error) {
	var mu sync.Mutex
	var all []time.Duration
	var errs []error
	var wait sync.WaitGroup
	began := time.Now()
	for range connections {
		wait.Go(func() {
			times, err := ask(ctx, addr, began.Add(length), []byte(request))
			mu.Lock()
			defer mu.Unlock()
			all, errs = append(all, times...), append(errs, err)
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return speed{}, fmt.Errorf("under load: %w", err)
	}
	slices.Sort(all)
	return speed{float64(len(all)) / time.Since(began).Seconds(), measure.Percentile(all, 50), measure.Percentile(all, 99)}, nil
}

// ask sends the requests in turns until the time, and returns how long each took.
func ask(ctx context.Context, addr string, until time.Time, requests ...[]byte) (times []time.Duration, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for began := time.Now(); began.Before(until); {
		if _, err := conn.Write(requests[len(times)%len(requests)]); err != nil {
			return nil, err
		}
		if err := readAnswer(answers); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(began))
		began = now
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return times, nil
}

// readAnswer reads an answer with status 200 and a Content-Length. It does only what the
// load generator needs, because it shares the cores with the measured program.
func readAnswer(r *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")):
			return fmt.Errorf("the answer is %s", line)
		case len(line) == 2:
			if length < 0 {
				return errors.New("the answer has no Content-Length")
			}
			_, err := io.CopyN(io.Discard, r, int64(length))
			return err
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
}

// comparison is the median round of the program and of the reference, and the median of the
// rounds' ratios: the speed of a machine changes from one second to the next, and two
// rounds that follow each other meet the same.
type comparison struct {
	ours, bare speed
	ratio      float64 // of the requests per second
}

// inTurns loads the program and the reference in turns.
func (b *bench) inTurns(ctx context.Context, request string) (comparison, error) {
	var ours, bare []speed
	for round := range rounds + 1 {
		length := roundTime
		if round == 0 {
			length = warmUp
		}
		mine, err := load(ctx, b.program.addr, request, length)
		if err != nil {
			return comparison{}, err
		}
		theirs, err := load(ctx, b.bare.addr, request, length)
		if err != nil {
			return comparison{}, err
		}
		if round > 0 {
			ours, bare = append(ours, mine), append(bare, theirs)
		}
	}
	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = ours[i].perSecond / bare[i].perSecond
	}
	return comparison{medianSpeed(ours), medianSpeed(bare), measure.Median(ratios)}, nil
}

// medianSpeed returns the round with the median of the requests per second.
func medianSpeed(speeds []speed) speed {
	slices.SortFunc(speeds, func(a, b speed) int { return cmp.Compare(a.perSecond, b.perSecond) })
	return speeds[len(speeds)/2]
}
