import type { Check } from '../../client/lessons/lesson.ts';

/** What a step claims, and what shows it. */
export function CheckList({ checks }: { readonly checks: readonly Check[] }) {
  if (checks.length === 0) return null;
  return (
    <ul aria-label="Checks" className="flex flex-col gap-1.5 text-sm">
      {checks.map(({ name, passed, evidence }) => (
        <li key={name} data-testid="lesson-check" data-passed={passed} className="flex gap-2">
          <span className={passed ? '' : 'text-danger'}>
            <span aria-hidden="true">{passed ? '✓' : '✗'}</span>
            <span className="sr-only">{passed ? 'Holds:' : 'Does not hold:'}</span>
          </span>
          <div className="min-w-0">
            <p className="font-medium">{name}</p>
            <p className="text-quiet wrap-anywhere">{evidence}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
