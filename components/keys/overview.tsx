'use client';

import type { Moment } from '../../client/keys-moment.ts';
import { isNow } from '../../client/keys-moment.ts';
import type { RecordsAnswer } from '../../contracts/kv.ts';
import { ValueText } from '../data/value-text.tsx';
import { ReadFailure } from './read-failure.tsx';
import type { Asked } from '../live/use-answer.ts';

interface OverviewProps {
  readonly moment: Moment;
  readonly asked: Asked<RecordsAnswer>;
  onKey(key: string): void;
}

/** Fields told of each record. */
const FIELDS = 4;

/** The first records at the moment, with the beginning of what they hold. */
export function Overview({ moment, asked, onKey }: OverviewProps) {
  const { prefix, time } = moment;
  const { answer, failure, isOld } = asked;
  return (
    <div className="flex h-full flex-col" aria-busy={isOld}>
      <h2 className="px-3 pt-3 pb-2 text-base font-medium">
        {prefix === '' ? 'All keys' : <>Keys that begin with “{prefix}”</>}
      </h2>
      {failure !== null && (
        <div className="px-3 pb-2">
          <ReadFailure failure={failure} />
        </div>
      )}
      <ul aria-label="Records" className="min-h-0 flex-1 overflow-auto px-1.5 pb-2">
        {answer?.records.map((record) => (
          <li key={record.key}>
            <button
              type="button"
              onClick={() => onKey(record.key)}
              className="block w-full rounded-lg border border-transparent px-2 py-1.5 text-left -outline-offset-2 hover:border-line-strong"
            >
              <span className="block truncate font-mono text-[13px] font-medium">{record.key}</span>
              <span className="line-clamp-2 text-[13px] leading-6 wrap-anywhere">
                {record.fields.slice(0, FIELDS).map(({ field, value }) => (
                  <span key={field} className="mr-3">
                    <span className="font-mono text-xs text-quiet">{field} </span>
                    <span className="font-mono">
                      <ValueText value={value} />
                    </span>
                  </span>
                ))}
                {(record.more || record.fields.length > FIELDS) && (
                  <span className="text-quiet">and more</span>
                )}
              </span>
            </button>
          </li>
        ))}
        {answer === null && failure === null && (
          <li className="p-1.5 text-quiet">Reading the records…</li>
        )}
        {answer !== null && answer.records.length === 0 && (
          <li className="p-1.5 text-quiet">
            {isNow(time)
              ? 'Nothing here. Write a value, and it shows by itself.'
              : 'Nothing was here at this time.'}
          </li>
        )}
        {answer !== null && answer.next !== null && (
          <li className="p-1.5 text-[13px] text-quiet">Further keys are in the list.</li>
        )}
      </ul>
    </div>
  );
}
