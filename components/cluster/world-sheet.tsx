'use client';

import { setClock, setDisk } from '../../client/fault-requests.ts';
import { driftWords } from '../../client/fault-words.ts';
import { LOG_STEPS, msAt, stepOf } from '../../client/log-scale.ts';
import type { ClockBody, DiskBody } from '../../contracts/faults.ts';
import { FAULT_LIMITS } from '../../contracts/faults.ts';
import type { NodeView } from '../../contracts/view.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { RangeField } from '../ui/range-field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { useAsked } from './use-asked.ts';
import { useFaults } from './use-faults.ts';

/** Offsets on the slider, either way, ms; the API takes more. */
const MOST_OFFSET_MS = 60_000;
const STEP_MS = 5000;

interface WorldSheetProps {
  readonly node: NodeView;
  readonly open: boolean;
  onClose(): void;
}

/** A node's disk and clock, made worse and better. */
export function WorldSheet({ node, open, onClose }: WorldSheetProps) {
  return (
    <Sheet title={`Disk and clock of ${node.id}`} open={open} onClose={onClose}>
      <DiskAndClock node={node} />
    </Sheet>
  );
}

/** Of its own, so that a sheet that is closed costs nothing. */
function DiskAndClock({ node }: Pick<WorldSheetProps, 'node'>) {
  const { id } = node;
  const disabled = useActionsDisabled();
  const curl = useCurl();
  const { busy, error, send } = useFaults();
  const because = disabled ?? (busy ? 'Under way' : null);
  const { diskDelayMs, diskFull, clockOffsetMs, clockDrift } = node.faults;
  const [disk, askDisk] = useAsked<DiskBody>({ delayMs: diskDelayMs, full: diskFull });
  const [clock, askClock] = useAsked<ClockBody>({ offsetMs: clockOffsetMs, drift: clockDrift });
  const change = (parts: Partial<DiskBody>): void => {
    if (disabled !== null) return;
    const next = { ...disk, ...parts };
    askDisk(next);
    send(setDisk(id, next));
  };
  const turn = (parts: Partial<ClockBody>): void => {
    if (disabled !== null) return;
    const next = { ...clock, ...parts };
    askClock(next);
    send(setClock(id, next));
  };
  const shift = (byMs: number): void =>
    turn({
      offsetMs: Math.max(-MOST_OFFSET_MS, Math.min(MOST_OFFSET_MS, clock.offsetMs + byMs)),
    });
  return (
    <>
      <section className="flex flex-col gap-2" aria-label="Disk">
        <h3 className="font-semibold">Disk</h3>
        <RangeField
          label="Slower by"
          disabled={disabled !== null}
          value={stepOf(diskDelayMs)}
          min={0}
          max={LOG_STEPS}
          textOf={(step) => `${msAt(step).toLocaleString('en')} ms`}
          onValue={(step) => change({ delayMs: msAt(step) })}
        />
        <p className="text-xs text-quiet">
          Every durable write takes so much longer. A leader waits for a quorum only: one slow disk
          slows nobody else.
        </p>
        <div className="flex flex-wrap items-center gap-2">
          <Button
            role="switch"
            aria-checked={diskFull}
            aria-label={`Disk of ${id} full`}
            tone={diskFull ? 'primary' : 'danger'}
            disabledBecause={because}
            onClick={() => change({ full: !diskFull })}
          >
            {diskFull ? 'Full: make room' : 'Fill the disk'}
          </Button>
          <CopyCurl command={curl(setDisk(id, disk))} />
        </div>
        <p className="text-xs text-quiet">
          The database cannot grow: the first write that needs room ends the node, by its own rule.
          With room again, revive it.
        </p>
      </section>
      <section className="flex flex-col gap-2" aria-label="Clock">
        <h3 className="font-semibold">Clock</h3>
        <RangeField
          label="Offset"
          disabled={disabled !== null}
          value={clockOffsetMs}
          min={-MOST_OFFSET_MS}
          max={MOST_OFFSET_MS}
          step={500}
          textOf={(ms) => `${signOf(ms)}${(Math.abs(ms) / 1000).toFixed(1)} s`}
          onValue={(offsetMs) => turn({ offsetMs })}
        />
        <RangeField
          label="Drift"
          disabled={disabled !== null}
          value={clockDrift}
          min={FAULT_LIMITS.driftLeast}
          max={FAULT_LIMITS.driftMost}
          step={10}
          textOf={(drift) => (drift === 0 ? 'none' : driftWords(drift))}
          onValue={(drift) => turn({ drift })}
        />
        <div className="flex flex-wrap items-center gap-2">
          <Button disabledBecause={because} onClick={() => shift(-STEP_MS)}>
            Clock −5 s
          </Button>
          <Button disabledBecause={because} onClick={() => shift(STEP_MS)}>
            Clock +5 s
          </Button>
          <Button
            disabledBecause={
              because ?? (clockOffsetMs === 0 && clockDrift === 0 ? 'It is right' : null)
            }
            onClick={() => turn({ offsetMs: 0, drift: 0 })}
          >
            Set it right
          </Button>
          <CopyCurl command={curl(setClock(id, clock))} />
        </div>
        <p className="text-xs text-quiet">
          A leader reads the wall clock when it is elected: an offset dates writes from the next
          election on. A drifting clock gains or loses for as long as it runs; without drift the
          wall clock is right again but for its offset. Time never goes back.
        </p>
      </section>
      {error !== null && (
        <p role="alert" className="text-sm text-danger">
          {error}
        </p>
      )}
    </>
  );
}

function signOf(ms: number): string {
  return ms === 0 ? '' : ms > 0 ? '+' : '−';
}
