package pg

// The names under which programs are connected, in pg_stat_activity.
const (
	Application        = "partywall/2" // of a program that finds each tenant's gate
	OneGateApplication = "partywall"   // of one of an earlier release, which serves all tenants by the first gate
)
