/** The sign of Chronoraft: a leader and two followers. */
export function Logo() {
  return (
    <svg viewBox="0 0 24 24" className="size-6 shrink-0" aria-hidden="true">
      <path d="M12 5 20 19H4Z" fill="none" stroke="var(--line-strong)" strokeWidth="1.5" />
      <circle cx="12" cy="5" r="3.6" fill="var(--role-leader)" />
      <circle cx="20" cy="19" r="2.8" fill="var(--role-follower)" />
      <circle cx="4" cy="19" r="2.8" fill="var(--role-follower)" />
    </svg>
  );
}
