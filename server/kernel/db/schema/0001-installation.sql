-- scope: control
-- Facts of this installation that every node needs: the database roles of its worlds and their passwords.
-- Only the owner reads it; whoever is the owner could set those passwords anyway. Locks: none (new table).
create table kernel_installation (
  singleton boolean primary key default true check (singleton),
  role_prefix text not null,
  role_password text not null,
  demo_secret text not null,
  created_at timestamptz not null default now()
);
