package idp_test

import (
	"context"
	"fmt"
	"log"

	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/idp/argon2"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/mails"
)

func ExampleProvider() {
	keys, err := idp.NewKeys() // or idp.OpenKeys, which keeps them in files
	if err != nil {
		log.Fatal(err)
	}
	people, err := idp.New(idp.Config{
		Users:    new(memory.DB).Users(),
		Mail:     &mails.Service{Mailer: &memory.Mailbox{}},
		Keys:     keys,
		Hasher:   argon2.New(argon2.Config{}),
		ClientID: "my-product",
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	ada, _ := domain.ParseEmail("ada@example.com")
	password := domain.NewSecret("correct horse battery staple")
	if _, err := people.SignUp(ctx, ada, password); err != nil {
		log.Fatal(err)
	}
	step, err := people.SignIn(ctx, ada, password)
	if err != nil {
		log.Fatal(err)
	}
	who, err := people.User(ctx, step.Tokens.Access)
	fmt.Println(who.Email, step.Tokens.Type, step.Tokens.ExpiresIn, err)
	// Output: ada@example.com Bearer 1h0m0s <nil>
}
