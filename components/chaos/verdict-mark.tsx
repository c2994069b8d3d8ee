import type { Phase } from '../../client/chaos-words.ts';

/** The shape of a verdict; the word stands beside it. */
export function VerdictMark({
  phase,
  className,
}: {
  readonly phase: Phase;
  readonly className?: string;
}) {
  return (
    <svg viewBox="0 0 20 20" className={className} aria-hidden="true" fill="none">
      <Shape phase={phase} />
    </svg>
  );
}

function Shape({ phase }: { readonly phase: Phase }) {
  switch (phase) {
    case 'linearizable':
      return (
        <>
          <circle cx="10" cy="10" r="8" stroke="var(--text)" strokeWidth="1.6" />
          <path d="m6.2 10.3 2.6 2.6 5-5.4" stroke="var(--text)" strokeWidth="1.8" />
        </>
      );
    case 'violation':
      return (
        <>
          <path d="M10 2 19 18H1Z" fill="var(--danger)" />
          <path d="M10 8v5M10 14.4v1.6" stroke="var(--surface)" strokeWidth="1.8" />
        </>
      );
    case 'unknown':
      return (
        <>
          <circle
            cx="10"
            cy="10"
            r="8"
            stroke="var(--text)"
            strokeWidth="1.6"
            strokeDasharray="3 2"
          />
          <path
            d="M7.8 8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M10 13.2v1.4"
            stroke="var(--text)"
            strokeWidth="1.6"
          />
        </>
      );
    case 'running':
      return (
        <>
          <circle cx="10" cy="10" r="8" stroke="var(--line-strong)" strokeWidth="1.6" />
          <path d="M10 5.5V10l3 2" stroke="var(--text)" strokeWidth="1.8" />
        </>
      );
    case 'none':
      return <path d="M4 10h12" stroke="var(--quiet)" strokeWidth="1.8" />;
  }
}
