import clsx from 'clsx';
import { number, VERDICT_WORDS } from '../../client/chaos-words.ts';
import type { ChaosCheck, ChaosRun } from '../../contracts/chaos.ts';
import { VerdictMark } from './verdict-mark.tsx';

const CHECK_WORDS: Record<ChaosCheck['check'], string> = {
  order: 'Order of all answers',
  writes: 'Acknowledged writes',
  increments: 'Increments',
  states: 'States of the nodes',
  invariants: 'Invariants on the nodes',
};

const STATUS = {
  pass: { word: 'Pass', phase: 'linearizable' },
  fail: { word: 'Fail', phase: 'violation' },
  unknown: { word: 'Unknown', phase: 'unknown' },
} as const;

/** Each check with what it found, and each key with its verdict. */
export function Checks({ run }: { readonly run: ChaosRun }) {
  const { checks, keys, state, settings } = run;
  if (checks.length === 0 && keys.length === 0)
    return (
      <p className="px-3 pb-4 text-quiet">
        {state === 'interrupted' || state === 'broken'
          ? 'Nothing was judged.'
          : 'Judged when the clients have ended.'}
      </p>
    );
  return (
    <div className="px-3 pb-3">
      <ul aria-label="Checks" className="flex flex-col gap-2">
        {checks.map(({ check, status, checked, words }) => (
          <li
            key={check}
            data-testid={`chaos-check-${check}`}
            data-status={status}
            data-checks={checked}
            className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2"
          >
            <VerdictMark phase={STATUS[status].phase} className="size-5" />
            <span className="font-medium">
              {CHECK_WORDS[check]}: {STATUS[status].word.toLowerCase()}{' '}
              <span className="font-normal text-quiet">({number(checked)} looked at)</span>
            </span>
            <span className="col-start-2 text-[13px] wrap-anywhere text-quiet">{words}</span>
          </li>
        ))}
        {checks.length === 0 && (
          <li className="text-quiet">
            {keys.length} of {settings.keys} keys are judged.
          </li>
        )}
      </ul>
      <table className="mt-4 w-full text-[13px]">
        <caption className="sr-only">Verdict by key</caption>
        <thead>
          <tr className="text-left text-xs text-quiet">
            <th scope="col" className="py-1 font-normal">
              Key
            </th>
            <th scope="col" className="py-1 text-right font-normal">
              Operations
            </th>
            <th scope="col" className="py-1 pl-4 font-normal">
              Verdict
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map(({ key, operations, verdict }) => (
            <tr key={key} data-verdict={verdict} className="border-t border-line">
              <th scope="row" className="py-1 text-left font-mono font-normal">
                {key.slice(key.lastIndexOf('/') + 1)}
              </th>
              <td className="py-1 text-right">{number(operations)}</td>
              <td
                className={clsx('py-1 pl-4', verdict === 'violation' && 'font-medium text-danger')}
              >
                {VERDICT_WORDS[verdict]}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
