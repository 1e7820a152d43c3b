-- scope: control
-- An OpenID provider can be switched off and stay set up. A session knows when its person last used a credential of
-- their own: what a provider vouches for opens a place in its organisation, and no way to the person's account.
-- Locks: both tables against everything for an instant, then the sessions of now are written once.
alter table identity_provider add column active boolean not null default true;

alter table identity_session add column own_proof_at timestamptz;

-- Until now only a credential of the person's own stepped up.
update identity_session set own_proof_at = stepped_up_at where stepped_up_at is not null;
