package cli

import (
	"bufio"
	"fmt"
	"strings"
)

// confirm asks the operator to type answer, unless --yes is given. The question says
// what cmd is about to do.
func (c console) confirm(cmd invocation, question, answer string) error {
	if cmd.Bool("yes") {
		return nil
	}
	fmt.Fprintf(c.err, "%s Type %s to confirm: ", question, answer)
	typed, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // the end of the input confirms nothing
	if strings.TrimSpace(typed) != answer {
		fmt.Fprintln(c.err)
		return fmt.Errorf("not confirmed, so nothing was changed; type %s when asked, or give --yes", answer)
	}
	return nil
}
