package cognito_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/partywall-go/partywall/domain"
)

// inputs are what the AWS CLI sends for the commands that the documentation and the
// doctor's advice have.
var inputs = map[string]reflect.Type{
	"create-user-pool":        reflect.TypeFor[idp.CreateUserPoolInput](),
	"create-user-pool-client": reflect.TypeFor[idp.CreateUserPoolClientInput](),
	"update-user-pool":        reflect.TypeFor[idp.UpdateUserPoolInput](),
	"update-user-pool-client": reflect.TypeFor[idp.UpdateUserPoolClientInput](),
}

// command is a command of the AWS CLI, with its options.
var command = regexp.MustCompile(`aws cognito-idp (\S+)((?:\s+--[a-z-]+(?:\s+(?:'[^']*'|[^-\s][^\s]*))*)*)`)

// settingsOf returns what a command sets, in the form in which Cognito describes it.
func settingsOf(t *testing.T, text string) (subcommand string, settings map[string]any) {
	t.Helper()
	found := command.FindStringSubmatch(strings.ReplaceAll(text, "\\\n", " "))
	if found == nil {
		t.Fatalf("there is no command in %q", text)
	}
	typ, known := inputs[found[1]]
	if !known {
		t.Fatalf("no test runs %s", found[1])
	}
	input := reflect.New(typ).Elem()
	for _, option := range strings.Split(found[2], " --")[1:] {
		name, values, _ := strings.Cut(strings.TrimSpace(option), " ")
		field := input.FieldByName(pascal(name))
		if !field.IsValid() {
			t.Fatalf("%s has no option --%s", found[1], name)
		}
		set(t, field, strings.ReplaceAll(strings.TrimSpace(values), "'", ""), " ")
	}
	settings = map[string]any{}
	if err := json.Unmarshal(domain.Must(json.Marshal(input.Interface())), &settings); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(settings, func(name string, v any) bool {
		return v == nil || v == "" || v == false || name == "UserPoolId" || name == "ClientId" || v == 0.0
	})
	return found[1], settings
}

func pascal(option string) (name string) {
	for word := range strings.SplitSeq(option, "-") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// set reads a value in the shorthand syntax of the AWS CLI.
func set(t *testing.T, to reflect.Value, text, separator string) {
	t.Helper()
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		set(t, to.Elem(), text, ",")
	case reflect.Slice:
		for _, item := range parts(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"), separator) {
			element := reflect.New(to.Type().Elem()).Elem()
			set(t, element, item, ",")
			to.Set(reflect.Append(to, element))
		}
	case reflect.Struct:
		for _, pair := range parts(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"), ",") {
			name, value, _ := strings.Cut(pair, "=")
			field := to.FieldByName(name)
			if !field.IsValid() {
				t.Fatalf("%s has no field %s", to.Type(), name)
			}
			set(t, field, value, ",")
		}
	case reflect.String:
		to.SetString(text)
	case reflect.Bool:
		to.SetBool(text != "false")
	case reflect.Int32:
		to.SetInt(int64(domain.Must(strconv.Atoi(text))))
	default:
		t.Fatalf("no test sets a %s", to.Type())
	}
}

// parts splits text where no bracket is open.
func parts(text, separator string) (found []string) {
	depth, begin := 0, 0
	for i := range len(text) {
		switch {
		case strings.ContainsRune("[{", rune(text[i])):
			depth++
		case strings.ContainsRune("]}", rune(text[i])):
			depth--
		case depth == 0 && text[i:i+1] == separator:
			found, begin = append(found, text[begin:i]), i+1
		}
	}
	return append(found, text[begin:])
}

// documented returns the settings of the commands in docs/production.md.
func documented(t *testing.T) (pool, client map[string]any) {
	t.Helper()
	page := string(domain.Must(os.ReadFile("../../docs/production.md")))
	blocks := strings.Split(page, "aws cognito-idp create-user-pool")
	if len(blocks) != 3 {
		t.Fatalf("docs/production.md has %d commands that create a pool or a client", len(blocks)-1)
	}
	_, pool = settingsOf(t, "aws cognito-idp create-user-pool"+blocks[1])
	_, client = settingsOf(t, "aws cognito-idp create-user-pool"+blocks[2])
	mail := regexp.MustCompile("--email-configuration [^\\s`]+").FindString(page)
	_, later := settingsOf(t, "aws cognito-idp create-user-pool "+mail)
	maps.Copy(pool, later)
	return pool, client
}
