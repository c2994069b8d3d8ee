'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { CellName } from '../../client/cell-name.ts';
import { isNow, readMoment, stepTo } from '../../client/keys-moment.ts';
import type { Coordinates } from '../../client/time-input.ts';
import { TopBar } from '../cluster/top-bar.tsx';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { WriteForm } from '../data/write-form.tsx';
import { useLive } from '../live/live-provider.tsx';
import { Panel } from '../ui/panel.tsx';
import { BackupBar } from './backup-bar.tsx';
import { DiffView } from './diff-view.tsx';
import { KeyList } from './key-list.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Overview } from './overview.tsx';
import { RecordView } from './record-view.tsx';
import { RestorePanel } from './restore.tsx';
import { TimePanel } from './time-panel.tsx';
import { TimeStatus } from './time-status.tsx';
import { useMoment } from './use-moment.ts';
import { useShown } from './use-shown.ts';
import { Versions } from './versions.tsx';

interface KeysPageProps {
  /** Query of the address, and what "-5m" in it counts from. */
  readonly query: string;
  readonly nowMs: number;
}

/** All keys, records and histories, at one moment that is chosen for the whole page. */
export function KeysPage({ query, nowMs }: KeysPageProps) {
  const { moment, go } = useMoment(readMoment(query, nowMs));
  const shown = useShown(moment);
  const stale = useLive((state) => state.conn === 'reconnecting');
  const { key, field, against, time } = moment;
  const isPast = !isNow(time);
  const goToTime = (next: Coordinates): void => go({ time: next });
  const goToNow = (): void => go({ time: {} }, 'step');
  const open = (next: string | null): void => go({ key: next, field: null }, 'step');
  const chooseField = (next: string | null): void => go({ field: next }, 'step');
  const view = viewOf(key === null ? shown.overview.answer : shown.record.answer);
  return (
    <>
      <TopBar here="keys" help={<KeysHelp />} />
      <VerdictBar />
      <TimeStatus time={time} now={shown.now} onNow={goToNow} />
      <main
        data-testid="keys-page"
        data-past={isPast}
        className={clsx(
          'grid min-h-0 flex-1 grid-cols-1 gap-4 border-x-4 border-b-4 p-1 transition-colors duration-100 sm:p-3 wide:grid-cols-[17rem_minmax(0,1fr)]',
          isPast ? 'border-past bg-past-wash' : 'border-transparent',
          stale && 'stale',
        )}
      >
        <Panel title="Keys" hideTitle className="h-64 wide:h-auto">
          <div className="flex h-full flex-col">
            <KeyList
              moment={moment}
              onPrefix={(prefix) => go({ prefix })}
              onKey={(next) => open(next)}
            />
            <BackupBar moment={moment} />
          </div>
        </Panel>
        <div className="flex min-h-0 min-w-0 flex-col gap-4">
          <Panel title="Time" hideTitle className="shrink-0">
            <TimePanel
              moment={moment}
              shown={shown}
              onTime={goToTime}
              onField={chooseField}
              onCompare={(next) => go({ against: next }, 'step')}
            />
          </Panel>
          <div className="grid min-h-0 flex-1 grid-cols-1 gap-4 desk:grid-rows-1 wide:grid-cols-[minmax(0,1fr)_27rem]">
            <Panel
              title={against !== null ? 'Comparison' : key === null ? 'Records' : 'Record'}
              hideTitle
              className="min-h-56"
            >
              {against !== null ? (
                <DiffView
                  moment={moment}
                  against={against}
                  onAgainst={(next) => go({ against: next })}
                />
              ) : key === null ? (
                <Overview moment={moment} asked={shown.overview} onKey={open} />
              ) : (
                <RecordView
                  moment={moment}
                  shown={shown}
                  onField={chooseField}
                  onLeave={() => open(null)}
                />
              )}
            </Panel>
            <div className="flex min-h-0 min-w-0 flex-col gap-4">
              <Panel title={isPast ? 'Restore' : 'Write'} hideTitle className="shrink-0">
                {isPast ? (
                  <RestorePanel moment={moment} view={view} now={shown.now} onNow={goToNow} />
                ) : (
                  <Writer
                    chosen={{ key: key ?? moment.prefix, field: field ?? '' }}
                    onWritten={(cell) => {
                      if (cell.key !== key) open(cell.key);
                    }}
                  />
                )}
              </Panel>
              {key !== null && field !== null && (
                <Panel title="History" hideTitle className="h-72 desk:h-auto desk:flex-1">
                  <Versions
                    moment={moment}
                    now={shown.now}
                    at={shown.at}
                    asked={shown.lanes}
                    onTime={(next) => go({ time: stepTo(time, next) }, 'step')}
                  />
                </Panel>
              )}
            </div>
          </div>
        </div>
      </main>
    </>
  );
}

interface WriterProps {
  readonly chosen: CellName;
  onWritten(cell: CellName): void;
}

/** The write form, filled with what is chosen on the page. */
function Writer({ chosen, onWritten }: WriterProps) {
  const [cell, setCell] = useState(chosen);
  return <WriteForm cell={cell} onCell={setCell} onWritten={() => onWritten(cell)} firstValue="" />;
}

function viewOf(
  answer: { readonly at: number; readonly asOf: number } | null,
): { readonly at: number; readonly asOf: number } | null {
  return answer === null ? null : { at: answer.at, asOf: answer.asOf };
}
