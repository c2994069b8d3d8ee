/** The fills of marks, for every chart of the page: forms, not colours, tell them apart. */
export function MarkPatterns() {
  return (
    <svg className="absolute size-0" aria-hidden="true">
      <defs>
        <pattern id="metrics-down" width="6" height="6" patternUnits="userSpaceOnUse">
          <path d="M0 6 6 0M-1 1 1-1M5 7 7 5" stroke="var(--line-strong)" strokeWidth="1" />
        </pattern>
        <pattern id="metrics-leaderless" width="4" height="4" patternUnits="userSpaceOnUse">
          <path d="M0 4 4 0M0 0 4 4" stroke="var(--line-strong)" strokeWidth="0.8" />
        </pattern>
        <pattern id="metrics-links" width="5" height="5" patternUnits="userSpaceOnUse">
          <circle cx="2.5" cy="2.5" r="0.9" fill="var(--line-strong)" />
        </pattern>
      </defs>
    </svg>
  );
}
