package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// figures are what was measured by a run and by those that it continues.
type figures struct {
	file string

	Machine string             `json:"machine"`
	Options options            `json:"options"`
	Began   time.Time          `json:"began"`
	Steps   map[string]float64 `json:"steps"`  // that are done, and how many seconds each took
	Values  map[string]float64 `json:"values"` // by server, tenants and name
}

// loadFigures reads what was measured before, with the same options.
func loadFigures(dir string, o options, fresh bool) (*figures, error) {
	f := &figures{file: filepath.Join(dir, o.resultsFile())}
	text, err := os.ReadFile(f.file)
	if err == nil && !fresh {
		err = json.Unmarshal(text, f)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s, remove it or run with -fresh: %w", f.file, err)
	}
	if f.Steps == nil || f.Options != o {
		*f = figures{file: f.file, Machine: machine(), Options: o, Began: time.Now().UTC(), Steps: map[string]float64{}, Values: map[string]float64{}}
	}
	return f, nil
}

// save writes the figures, so that a run that is interrupted loses one step.
func (f *figures) save() error {
	text, err := json.MarshalIndent(f, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.file+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(f.file+".new", f.file)
}

// key names a value of an installation.
func key(version, tenants int, name string) string {
	return fmt.Sprintf("%d/%d/%s", version, tenants, name)
}

func (f *figures) has(version, tenants int, name string) bool {
	_, ok := f.Values[key(version, tenants, name)]
	return ok
}

func (f *figures) of(version, tenants int, name string) float64 {
	return f.Values[key(version, tenants, name)]
}
