package domain

import (
	"strings"
	"unicode/utf8"
)

// The parameters of Punycode (RFC 3492, section 5).
const (
	punycodeBase        = 36
	punycodeTMin        = 1
	punycodeTMax        = 26
	punycodeSkew        = 38
	punycodeDamp        = 700
	punycodeInitialBias = 72
	punycodeInitialN    = 0x80
)

const punycodeDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

// encodePunycode writes a label in ASCII (RFC 3492, section 6.3), without the
// prefix that marks it.
func encodePunycode(label string) string {
	runes := []rune(label)
	var out strings.Builder
	for _, r := range runes {
		if r < utf8.RuneSelf {
			out.WriteRune(r)
		}
	}
	basic := out.Len()
	if basic > 0 {
		out.WriteByte('-')
	}
	n, delta, bias := rune(punycodeInitialN), 0, punycodeInitialBias
	for done := basic; done < len(runes); {
		next := nextAbove(runes, n)
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r == n {
				writePunycodeNumber(&out, delta, bias)
				bias = adaptPunycode(delta, done+1, done == basic)
				delta = 0
				done++
			}
		}
		delta++
		n++
	}
	return out.String()
}

// nextAbove returns the least of runes that isn't below n.
func nextAbove(runes []rune, n rune) rune {
	least := rune(utf8.MaxRune)
	for _, r := range runes {
		if r >= n && r < least {
			least = r
		}
	}
	return least
}

func writePunycodeNumber(out *strings.Builder, q, bias int) {
	for k := punycodeBase; ; k += punycodeBase {
		t := punycodeThreshold(k, bias)
		if q < t {
			break
		}
		out.WriteByte(punycodeDigits[t+(q-t)%(punycodeBase-t)])
		q = (q - t) / (punycodeBase - t)
	}
	out.WriteByte(punycodeDigits[q])
}

// decodePunycode reads what encodePunycode wrote (RFC 3492, section 6.2), in
// either case. It reports false for what isn't Punycode.
func decodePunycode(encoded string) (string, bool) {
	basic := strings.LastIndexByte(encoded, '-')
	output := []rune(encoded[:max(basic, 0)])
	n, i, bias := punycodeInitialN, 0, punycodeInitialBias
	for rest := encoded[basic+1:]; rest != ""; {
		before, weight := i, 1
		for k := punycodeBase; ; k += punycodeBase {
			if rest == "" {
				return "", false
			}
			digit := punycodeDigit(rest[0])
			rest = rest[1:]
			if digit < 0 || weight > utf8.MaxRune*len(encoded) { // beyond every rune and position
				return "", false
			}
			i += digit * weight
			t := punycodeThreshold(k, bias)
			if digit < t {
				break
			}
			weight *= punycodeBase - t
		}
		length := len(output) + 1
		bias = adaptPunycode(i-before, length, before == 0)
		n += i / length
		i %= length
		if !utf8.ValidRune(rune(min(n, utf8.MaxRune+1))) {
			return "", false
		}
		output = append(output[:i], append([]rune{rune(n)}, output[i:]...)...)
		i++
	}
	return string(output), true
}

func punycodeDigit(c byte) int {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return strings.IndexByte(punycodeDigits, c)
}

func punycodeThreshold(k, bias int) int {
	return min(max(k-bias, punycodeTMin), punycodeTMax)
}

func adaptPunycode(delta, points int, first bool) int {
	if first {
		delta /= punycodeDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for delta > (punycodeBase-punycodeTMin)*punycodeTMax/2 {
		delta /= punycodeBase - punycodeTMin
		k += punycodeBase
	}
	return k + (punycodeBase-punycodeTMin+1)*delta/(delta+punycodeSkew)
}
