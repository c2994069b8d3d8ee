'use client';

import clsx from 'clsx';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { ALERT_RULES, alertsOf } from '../../client/alerts.ts';
import type { Alert } from '../../client/alerts.ts';
import { useLive } from '../live/live-provider.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { Age } from './check-marks.tsx';

/** How many alerts there are; a click tells since when, why and what to do. */
export function AlertsButton() {
  const view = useLive((state) => state.view);
  const [open, setOpen] = useState(false);
  const alerts = view === null ? [] : alertsOf(view);
  const { length } = alerts;
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        title="What to look at: since when, why, and what to do"
        data-testid="alerts"
        data-count={length}
        onClick={() => setOpen(true)}
        className={clsx(
          'flex shrink-0 items-center gap-1.5 border-l border-line px-3 -outline-offset-2 hover:bg-line',
          length > 0 && 'font-semibold',
        )}
      >
        {length > 0 && <TriangleAlert aria-hidden="true" className="size-3.5" />}
        {/* Announced when it changes. */}
        <span role="status">
          {length === 0 ? 'No alerts' : `${length} alert${length === 1 ? '' : 's'}`}
        </span>
      </button>
      <Sheet title="Alerts" open={open} onClose={() => setOpen(false)}>
        {length === 0 ? (
          <p className="text-quiet">Nothing needs a look now.</p>
        ) : (
          <ul className="flex flex-col gap-3">
            {alerts.map((alert) => (
              <Firing key={alert.id} alert={alert} />
            ))}
          </ul>
        )}
        <Watched firing={alerts} />
      </Sheet>
    </>
  );
}

function Firing({ alert }: { readonly alert: Alert }) {
  const { id, title, sinceMs, why, todo } = alert;
  return (
    <li
      data-testid={`alert-${id}`}
      data-status="firing"
      className="rounded-lg border border-line-strong p-3"
    >
      <div className="flex flex-wrap items-center gap-x-2">
        <TriangleAlert aria-hidden="true" className="size-4 shrink-0" />
        <h3 className="font-semibold">{title}</h3>
        <span className="ml-auto text-quiet">
          since{' '}
          <time dateTime={new Date(sinceMs).toISOString()}>
            {new Date(sinceMs).toISOString().slice(11, 19)} UTC
          </time>
          , <Age atMs={sinceMs} />
        </span>
      </div>
      <dl className="mt-2 grid grid-cols-1 gap-x-4 gap-y-1 sm:grid-cols-[6rem_minmax(0,1fr)]">
        <dt className="text-quiet">Why</dt>
        <dd>{why}</dd>
        <dt className="text-quiet">What to do</dt>
        <dd>{todo}</dd>
      </dl>
    </li>
  );
}

/** The rules that are quiet, so that silence can be trusted. */
function Watched({ firing }: { readonly firing: readonly Alert[] }) {
  const quiet = ALERT_RULES.filter(({ id }) => firing.every((alert) => alert.id !== id));
  return (
    <div>
      <h3 className="font-semibold">Watched for</h3>
      <ul className="mt-2 flex flex-col gap-1">
        {quiet.map(({ id, title, when }) => (
          <li key={id} data-testid={`alert-${id}`} data-status="quiet">
            {title}: <span className="text-quiet">{when}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
