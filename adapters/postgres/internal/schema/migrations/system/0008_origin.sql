-- Which database the installation's roles belong to. Roles are the server's, so a
-- copy of the database on the same server has the same roles and another OID.
ALTER TABLE partywall.installation ADD database_oid oid;
