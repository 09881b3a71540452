package domain

// ActorKind is the kind of an [Actor].
type ActorKind string

// The kinds of actors.
const (
	ActorUser     ActorKind = "user"     // a signed-in user
	ActorOperator ActorKind = "operator" // the operator of the installation
	ActorSystem   ActorKind = "system"   // the program itself
)

// Actor is the author of a change. The zero Actor is unknown.
type Actor struct {
	Kind     ActorKind
	Identity Identity // of an [ActorUser]; zero for any other
}

// UserActor returns the actor that the identity is.
func UserActor(identity Identity) Actor { return Actor{ActorUser, identity} }

// OperatorActor returns the operator as an actor.
func OperatorActor() Actor { return Actor{Kind: ActorOperator} }

// SystemActor returns the program itself as an actor.
func SystemActor() Actor { return Actor{Kind: ActorSystem} }

// IsZero reports whether the actor is unknown.
func (a Actor) IsZero() bool { return a == Actor{} }

// IsOperator reports whether the actor is the operator.
func (a Actor) IsOperator() bool { return a.Kind == ActorOperator }

// validate returns an [Invalid] error on field "by" for an actor of no kind, for a
// user without an identity, and for an identity of any other.
func (a Actor) validate() error {
	switch a.Kind {
	case ActorUser:
		if !a.Identity.IsZero() {
			return nil
		}
	case ActorOperator, ActorSystem:
		if a.Identity.IsZero() {
			return nil
		}
	}
	return Invalidf("by", "a change is made by a user, by the operator or by the program itself")
}
