package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"

	"github.com/partywall-go/partywall/app"
)

// barEvery is how often a bar is drawn anew.
const barEvery = 200 * time.Millisecond

// barWidth is how many characters of the line are the bar: a line fits 80 columns.
const barWidth = 12

// bar shows on a terminal how far migrations are, in one line that is drawn again and
// again.
type bar struct {
	terminal io.Writer
	began    time.Time
	drawn    bool
}

// newBar returns nil where lines are better than a bar: with --json, and where the output
// is no terminal.
func (c console) newBar(cmd invocation) *bar {
	file, isFile := c.out.(*os.File)
	if !isFile || !isatty.IsTerminal(file.Fd()) || os.Getenv("TERM") == "dumb" || cmd.Bool("json") {
		return nil
	}
	return &bar{terminal: c.out, began: time.Now()}
}

func (b *bar) draw(p app.MigrationProgress) {
	b.drawn = true
	fmt.Fprint(b.terminal, "\r\x1b[K"+barLine(p, time.Since(b.began)))
}

// clear removes the bar, so that a line can be printed in its place.
func (b *bar) clear() {
	if b != nil && b.drawn {
		b.drawn = false
		fmt.Fprint(b.terminal, "\r\x1b[K")
	}
}

// barLine returns the bar with its figures, of migrations that have run for so long.
func barLine(p app.MigrationProgress, ran time.Duration) string {
	done := p.Brought + p.Failed
	filled := barWidth * done / max(p.Behind, 1)
	line := fmt.Sprintf("[%s%s] %d of %s", strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled), done, plural(p.Behind, "tenant"))
	if p.Failed > 0 {
		line += fmt.Sprintf(", %d failed", p.Failed)
	}
	if p.Waiting > 0 {
		line += fmt.Sprintf(", %d busy", p.Waiting)
	}
	if done > 0 && done < p.Behind {
		left := time.Duration(float64(ran) / float64(done) * float64(p.Behind-done))
		line += fmt.Sprintf(", %v left", max(left.Round(time.Second), time.Second))
	}
	return line
}
