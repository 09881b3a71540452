package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// chart is curves over the number of tenants, which is on a logarithmic axis.
type chart struct {
	title, unit string // of the vertical axis, which begins at zero
	curves      []curve
}

// curve is a line of a chart.
type curve struct {
	name   string
	color  int  // of colors
	dashed bool // a reference
	points []point
}

type point struct {
	tenants int
	value   float64
}

// Places of a chart, in pixels.
const (
	width, height             = 720, 440
	left, right, upper, lower = 70, 24, 66, 118
	legendRow, legendColumn   = 20, 330 // room for three rows
)

// style has colors that differ on a light and on a dark page.
const style = `<style>
	text { font: 13px sans-serif; fill: #333 } .title { font-weight: bold } .grid { stroke: #8884 } .axis { stroke: #888 }
	.c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 } .c2 { stroke: #8250df; fill: #8250df } .c3 { stroke: #1a7f37; fill: #1a7f37 }
	.curve { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 6 4 }
	@media (prefers-color-scheme: dark) { text { fill: #ccc } .c0 { stroke: #58a6ff; fill: #58a6ff } .c1 { stroke: #f0883e; fill: #f0883e } .c2 { stroke: #bc8cff; fill: #bc8cff } .c3 { stroke: #3fb950; fill: #3fb950 } }
</style>`

// svg draws the chart.
func (c chart) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n%s\n", width, height, html.EscapeString(c.title), style)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="22">%s</text>`+"\n", left, html.EscapeString(c.title))
	steps, top := scale(c.highest())
	for i := range steps + 1 {
		value := top * float64(i) / float64(steps)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			left, c.y(value, top), width-right, c.y(value, top), left-8, c.y(value, top)+4, number(value))
	}
	ticks := c.tenants()
	for _, n := range ticks {
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", c.x(n, ticks), height-lower+20, thousands(n))
	}
	fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", left, height-lower, width-right, height-lower)
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">tenants</text><text x="8" y="%d">%s</text>`+"\n", width-right, height-lower+36, upper-18, html.EscapeString(c.unit))
	for i, curve := range c.curves {
		c.draw(&b, curve, top, ticks)
		legend(&b, curve, i)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (c chart) draw(b *strings.Builder, curve curve, top float64, ticks []int) {
	var places []string
	for _, p := range curve.points {
		x, y := c.x(p.tenants, ticks), c.y(p.value, top)
		places = append(places, fmt.Sprintf("%.1f,%.1f", x, y))
		fmt.Fprintf(b, `<circle class="c%d" cx="%.1f" cy="%.1f" r="3"><title>%s: %s at %s tenants</title></circle>`+"\n", curve.color, x, y, html.EscapeString(curve.name), number(p.value), thousands(p.tenants))
	}
	fmt.Fprintf(b, `<polyline class="%s" points="%s"/>`+"\n", curve.class(), strings.Join(places, " "))
}

func legend(b *strings.Builder, curve curve, i int) {
	x, y := left+i%2*legendColumn, height-lower+54+i/2*legendRow
	fmt.Fprintf(b, `<line class="%s" x1="%d" y1="%d" x2="%d" y2="%d"/><text x="%d" y="%d">%s</text>`+"\n", curve.class(), x, y, x+28, y, x+36, y+4, html.EscapeString(curve.name))
}

func (c curve) class() string {
	class := fmt.Sprintf("curve c%d", c.color)
	if c.dashed {
		class += " dashed"
	}
	return class
}

func (c chart) highest() (most float64) {
	for _, curve := range c.curves {
		for _, p := range curve.points {
			most = max(most, p.value)
		}
	}
	return most
}

// tenants are the numbers of tenants that have a point, in ascending order.
func (c chart) tenants() (all []int) {
	for _, curve := range c.curves {
		for _, p := range curve.points {
			all = append(all, p.tenants)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (c chart) x(tenants int, ticks []int) float64 {
	first, last := math.Log(float64(ticks[0])), math.Log(float64(ticks[len(ticks)-1]))
	if first == last {
		return (left + width - right) / 2
	}
	const margin = 30
	return left + margin + (math.Log(float64(tenants))-first)/(last-first)*(width-left-right-2*margin)
}

func (c chart) y(value, top float64) float64 {
	return float64(height-lower) - value/top*float64(height-upper-lower)
}

// scale returns how many steps a vertical axis has, and its end, a round number that is
// at least most.
func scale(most float64) (steps int, top float64) {
	if most <= 0 {
		return 1, 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, factor := range []float64{0.2, 0.5, 1, 2} {
		if steps := math.Ceil(most / (unit * factor)); steps <= 6 {
			return int(steps), steps * unit * factor
		}
	}
	return 5, 10 * unit
}

// number returns a figure with as many digits as a reader needs.
func number(value float64) string {
	if value >= 10 || value == math.Trunc(value) {
		return thousands(int(math.Round(value)))
	}
	return fmt.Sprintf("%.1f", value)
}
