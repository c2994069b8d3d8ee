'use client';

import clsx from 'clsx';
import { ArrowLeft, Download, RotateCcw, Square } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { ChaosClient, historyUrl } from '../../client/chaos-client.ts';
import { isOver, phaseOf, sentenceOf } from '../../client/chaos-words.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type { ChaosRun } from '../../contracts/chaos.ts';
import { TopBar } from '../cluster/top-bar.tsx';
import { useAction } from '../cluster/use-action.ts';
import { VerdictBar } from '../cluster/verdict-bar.tsx';
import { ReadFailure } from '../keys/read-failure.tsx';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button, buttonClass } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { Panel } from '../ui/panel.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { Availability } from './availability.tsx';
import { ChaosHelp } from './chaos-help.tsx';
import { Checks } from './checks.tsx';
import { Clash } from './clash.tsx';
import { RunInvariants } from './invariants.tsx';
import { RunCounts } from './run-counts.tsx';
import { StrikeList } from './strike-list.tsx';
import { chaos, useRun } from './use-chaos.ts';
import { VerdictMark } from './verdict-mark.tsx';

/** One run: its verdict on top, and all that led to it. */
export function RunPage({ id }: { readonly id: string }) {
  const { value: run, failure } = useRun(id);
  return (
    <>
      <TopBar here="chaos" help={<ChaosHelp />} />
      <VerdictBar />
      <main className="min-h-0 flex-1 p-2 sm:p-4 desk:overflow-y-auto">
        <div className="mx-auto flex max-w-[88rem] flex-col gap-4">
          <Link
            href="/chaos"
            className="inline-flex items-center gap-1 self-start rounded-sm text-[13px] text-quiet hover:text-text"
          >
            <ArrowLeft className="size-4" aria-hidden="true" />
            All runs
          </Link>
          {failure !== null && <ReadFailure failure={failure} />}
          {run === null && failure === null && <p className="text-quiet">Reading the run…</p>}
          {run !== null && <Run run={run} />}
        </div>
      </main>
    </>
  );
}

function Run({ run }: { readonly run: ChaosRun }) {
  const violated = run.keys.filter(({ counterExample }) => counterExample !== null);
  return (
    <article
      data-testid={`chaos-run-${run.id}`}
      data-verdict={phaseOf(run)}
      data-state={run.state}
      className="flex flex-col gap-4"
    >
      <Heading run={run} />
      <RunCounts run={run} />
      {violated.map((verdict) => (
        <Clash key={verdict.key} verdict={verdict} />
      ))}
      <Panel title="Availability">
        <Availability run={run} />
      </Panel>
      <div className="grid grid-cols-1 gap-4 wide:grid-cols-2">
        <Panel title="Verdict by check and key">
          <Checks run={run} />
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          <Panel title="Invariants on the nodes">
            <RunInvariants run={run} />
          </Panel>
          <Panel title="Schedule">
            <StrikeList run={run} />
          </Panel>
        </div>
      </div>
    </article>
  );
}

function Heading({ run }: { readonly run: ChaosRun }) {
  const phase = phaseOf(run);
  const { settings, reason, state } = run;
  return (
    <Panel title="Result" hideTitle>
      <div
        className={clsx(
          'flex flex-col gap-3 p-4',
          phase === 'violation' && 'border-l-4 border-danger bg-danger-wash',
        )}
      >
        <div className="flex items-start gap-3">
          <VerdictMark phase={phase} className="mt-0.5 size-7 shrink-0" />
          <div className="min-w-0">
            {/* Progress ticks; only what changes the state is announced. */}
            <h2 className="text-xl font-medium text-pretty wrap-anywhere">{sentenceOf(run)}</h2>
            <p className="pt-1 text-[13px] text-quiet">
              {formatTimestamp(run.startedAtMs)}, seed{' '}
              <span className="font-mono">{settings.seed}</span>, {settings.clients}{' '}
              {settings.clients === 1 ? 'client' : 'clients'}, {settings.intensity} intensity,{' '}
              {settings.keepQuorum ? 'the quorum kept' : 'the quorum at stake'}, voters{' '}
              {run.nodes.join(' ')}
              {reason !== null && state !== 'broken' && `. ${reason}`}
            </p>
            <p role="status" className="sr-only">
              {state === 'done' ? sentenceOf(run) : state}
            </p>
          </div>
        </div>
        <Actions run={run} />
      </div>
    </Panel>
  );
}

function Actions({ run }: { readonly run: ChaosRun }) {
  const router = useRouter();
  const { busy, error, run: act } = useAction();
  const curl = useCurl();
  const disabled = useActionsDisabled();
  const again = (): void =>
    act(async () => {
      const result = await chaos.start(run.settings);
      if (result.ok)
        router.push(`/chaos/${encodeURIComponent(result.value.id)}${window.location.search}`);
      return result;
    });
  const goesOn = !isOver(run.state);
  const because = disabled ?? (busy ? 'The answer is still out' : null);
  return (
    <div className="flex flex-wrap items-center gap-2">
      {run.state === 'running' && (
        <Button
          tone="danger"
          disabledBecause={because}
          onClick={() => act(() => chaos.stop(run.id))}
        >
          <Square className="size-4" aria-hidden="true" />
          Stop
        </Button>
      )}
      <Button disabledBecause={goesOn ? 'This run goes on' : because} onClick={again}>
        <RotateCcw className="size-4" aria-hidden="true" />
        Run again with this seed
      </Button>
      {run.state !== 'interrupted' && (
        <a href={historyUrl(run.id)} download className={buttonClass({})}>
          <Download className="size-4" aria-hidden="true" />
          {goesOn ? 'History so far' : 'History'}
        </a>
      )}
      <CopyCurl command={curl((api) => new ChaosClient(api).start(run.settings))} />
      {error !== null && (
        <p role="alert" className="text-[13px] text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
