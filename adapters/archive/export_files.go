package archive

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// copyFiles copies the contents of the listed files.
func (e *export) copyFiles(ctx context.Context) error {
	decoder, err := e.spool.read(e.files)
	if err != nil {
		return err
	}
	defer decoder.Close()
	lines := json.NewDecoder(decoder)
	for n := int64(1); ; n++ {
		var file fileObject
		if err := lines.Decode(&file); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := e.copyFile(ctx, n, file.Name); err != nil {
			return err
		}
	}
}

// copyFile copies the n-th file, unless it was deleted meanwhile.
func (e *export) copyFile(ctx context.Context, n int64, name string) error {
	key, err := domain.NewObjectKey(e.id, name)
	if err != nil {
		return err
	}
	content, err := e.service.Objects.OpenContent(ctx, key)
	if domain.KindOf(err) == domain.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = content.Body.Close() }()
	attributes, err := attributesOf(content)
	if err != nil {
		return err
	}
	sum := newCounter()
	err = e.entry(fileEntry(n), content.Size, attributes, func(w io.Writer) error {
		_, err := io.Copy(io.MultiWriter(w, sum), content.Body)
		return err
	})
	e.contents.add(n, sum)
	return err
}

// attributesOf returns what an entry says about its content.
func attributesOf(content ports.ObjectContent) (map[string]string, error) {
	attributes := map[string]string{}
	if content.ContentType != "" {
		attributes[typeAttribute] = content.ContentType
	}
	if len(content.Headers) > 0 {
		text, err := json.Marshal(content.Headers)
		if err != nil {
			return nil, err
		}
		attributes[headersAttribute] = string(text)
	}
	return attributes, nil
}
