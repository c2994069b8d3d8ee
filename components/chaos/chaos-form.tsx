'use client';

import clsx from 'clsx';
import { Dices } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { ChaosClient } from '../../client/chaos-client.ts';
import {
  FAULT_WORDS,
  forecast,
  INTENSITY_WORDS,
  PRESETS,
  seconds,
} from '../../client/chaos-words.ts';
import type { ApiFailure } from '../../client/api-failure.ts';
import { CHAOS_LIMITS, chaosFaults, Intensity } from '../../contracts/chaos.ts';
import type { ChaosFault, ChaosSchedule, ChaosSettings } from '../../contracts/chaos.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { Segments } from '../ui/segments.tsx';
import { chaos } from './use-chaos.ts';

/** The schedule is asked for when nobody has changed anything for so long, ms. */
const PLAN_AFTER_MS = 250;

const FIRST: ChaosSettings = {
  seed: 1,
  faults: ['crash', 'pause', 'transfer', 'compact'],
  intensity: 'medium',
  durationMs: 30_000,
  clients: 8,
  keys: 12,
  keepQuorum: true,
  deleteKeys: false,
};

/** What is typed into the boxes for numbers, by their names. */
type Texts = Readonly<Record<'seconds' | 'clients' | 'keys' | 'seed', string>>;

const NUMBERS = [
  ['seconds', 'Seconds'],
  ['clients', 'Clients'],
  ['keys', 'Keys'],
] as const;

/** What a run is made of, what it will do, and the button that starts it. */
export function ChaosForm() {
  const router = useRouter();
  const [settings, setSettings] = useState(FIRST);
  const [texts, setTexts] = useState<Texts>({ seconds: '30', clients: '8', keys: '12', seed: '1' });
  const [plan, setPlan] = useState<ChaosSchedule | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [isStarting, setStarting] = useState(false);
  const disabled = useActionsDisabled();
  const curl = useCurl();
  const mistake = mistakeOf(texts);
  const chosen: ChaosSettings = {
    ...settings,
    seed: Number(texts.seed),
    durationMs: Number(texts.seconds) * 1000,
    clients: Number(texts.clients),
    keys: Number(texts.keys),
  };
  const question = mistake === null ? JSON.stringify(chosen) : null;

  useEffect(() => {
    if (question === null) return;
    let isAsked = true;
    const timer = setTimeout(() => {
      void chaos.plan(JSON.parse(question) as ChaosSettings).then((result) => {
        if (isAsked && result.ok) setPlan(result.value);
      });
    }, PLAN_AFTER_MS);
    return () => {
      isAsked = false;
      clearTimeout(timer);
    };
  }, [question]);

  const start = async (): Promise<void> => {
    setStarting(true);
    const result = await chaos.start(chosen);
    if (result.ok) {
      router.push(`/chaos/${encodeURIComponent(result.value.id)}${window.location.search}`);
      return;
    }
    setStarting(false);
    setFailure(result.failure);
  };
  const because = disabled ?? mistake ?? (isStarting ? 'It is being started' : null);
  const change = (part: Partial<ChaosSettings>): void =>
    setSettings((before) => ({ ...before, ...part }));
  const type = (name: keyof Texts, value: string): void =>
    setTexts((before) => ({ ...before, [name]: value }));
  const preset = PRESETS.find(({ set }) => isPreset(set, settings));

  return (
    <form
      data-testid="chaos-form"
      className="flex flex-col gap-4 p-4 desk:gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (because === null) void start();
      }}
    >
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="text-base font-medium">New run</h2>
        <p className="text-[13px] text-quiet">
          Breaks this cluster while clients work, then judges every answer.
        </p>
      </div>
      <div role="group" aria-label="Presets" className="flex flex-wrap gap-2">
        {PRESETS.map(({ name, set }) => (
          <Button
            key={name}
            aria-pressed={preset?.name === name}
            className={clsx(preset?.name === name && 'border-text!')}
            onClick={() => change(set)}
          >
            {name}
          </Button>
        ))}
      </div>
      <fieldset>
        <legend className="pb-1 text-xs text-quiet">Faults</legend>
        <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
          {chaosFaults.map((fault) => (
            <Choice
              key={fault}
              label={FAULT_WORDS[fault].name}
              about={FAULT_WORDS[fault].what}
              checked={settings.faults.includes(fault)}
              onChecked={(on) => change({ faults: toggled(settings.faults, fault, on) })}
            />
          ))}
        </div>
      </fieldset>
      <div>
        <p aria-hidden="true" className="pb-1 text-xs text-quiet">
          Intensity
        </p>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Segments
            legend="Intensity"
            name="intensity"
            options={Intensity.options}
            value={settings.intensity}
            textOf={(intensity) => intensity}
            onValue={(intensity) => change({ intensity })}
          />
          <span className="text-[13px] text-quiet">{INTENSITY_WORDS[settings.intensity]}</span>
        </div>
      </div>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {NUMBERS.map(([name, label]) => (
          <TextField
            key={name}
            label={label}
            name={name}
            inputMode="numeric"
            value={texts[name]}
            onValue={(text) => type(name, text)}
          />
        ))}
        <div className="flex items-end gap-1">
          <TextField
            label="Seed"
            name="seed"
            inputMode="numeric"
            className="flex-1"
            value={texts.seed}
            onValue={(text) => type('seed', text)}
          />
          <Button
            className="w-8 px-0!"
            aria-label="Draw another seed"
            title="Draw another seed"
            onClick={() => type('seed', String(Math.floor(Math.random() * CHAOS_LIMITS.seed)))}
          >
            <Dices className="size-4" aria-hidden="true" />
          </Button>
        </div>
      </div>
      <div className="grid gap-x-4 gap-y-2 sm:grid-cols-2">
        <Choice
          label="Keep a quorum"
          about="A fault that would cost it is skipped."
          checked={settings.keepQuorum}
          onChecked={(keepQuorum) => change({ keepQuorum })}
        />
        <Choice
          label="Delete its keys at the end"
          about="They are under chaos/, with their history."
          checked={settings.deleteKeys}
          onChecked={(deleteKeys) => change({ deleteKeys })}
        />
      </div>
      <Forecast mistake={mistake} settings={chosen} plan={plan} />
      {failure !== null && (
        <p role="alert" className="text-[13px] text-danger">
          {failure.message} ({failure.code})
        </p>
      )}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          type="submit"
          tone="primary"
          size="large"
          className="flex-1"
          disabledBecause={because}
        >
          {isStarting ? 'Starting…' : 'Start'}
        </Button>
        <CopyCurl
          disabledBecause={mistake}
          command={curl((api) => new ChaosClient(api).start(chosen))}
        />
      </div>
    </form>
  );
}

interface ForecastProps {
  readonly mistake: string | null;
  readonly settings: ChaosSettings;
  readonly plan: ChaosSchedule | null;
}

/** What is to come, in words, and one by one for who wants to see it. */
function Forecast({ mistake, settings, plan }: ForecastProps) {
  return (
    <div
      data-testid="chaos-forecast"
      className="rounded-lg border border-line bg-raised p-3 text-[13px]"
    >
      <p role="status" className={clsx('min-h-10', mistake !== null && 'text-danger')}>
        {mistake ??
          (plan === null
            ? 'Asking what this would do…'
            : forecast(settings, plan.schedule.length, plan.nodes.length))}
      </p>
      {plan !== null && plan.schedule.length > 0 && mistake === null && (
        <details>
          <summary className="cursor-pointer py-1 text-quiet">The schedule</summary>
          <ol className="max-h-40 overflow-y-auto pt-1">
            {plan.schedule.map(({ number: place, atMs, forMs, words }) => (
              <li key={place} className="grid grid-cols-[3.5rem_minmax(0,1fr)_auto] gap-2">
                <span className="font-mono text-quiet">{seconds(atMs)}</span>
                <span>{words}</span>
                <span className="text-quiet">{forMs === 0 ? '' : `for ${seconds(forMs)}`}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly about: string;
  readonly checked: boolean;
  onChecked(checked: boolean): void;
}

function Choice({ label, about, checked, onChecked }: ChoiceProps) {
  return (
    <label className="grid grid-cols-[1rem_minmax(0,1fr)] gap-x-2">
      <input
        type="checkbox"
        className="mt-0.5 size-4 accent-text"
        checked={checked}
        onChange={(event) => onChecked(event.target.checked)}
      />
      <span>
        {label}
        <span className="block text-xs text-quiet">{about}</span>
      </span>
    </label>
  );
}

function toggled(faults: readonly ChaosFault[], fault: ChaosFault, on: boolean): ChaosFault[] {
  return chaosFaults.filter((one) => (one === fault ? on : faults.includes(one)));
}

function isPreset(set: Pick<ChaosSettings, 'faults' | 'intensity'>, given: ChaosSettings): boolean {
  return (
    set.intensity === given.intensity &&
    set.faults.length === given.faults.length &&
    set.faults.every((fault) => given.faults.includes(fault))
  );
}

/** Null: all numbers are numbers within their limits. */
function mistakeOf(texts: Texts): string | null {
  const { durationMinMs, durationMaxMs, clients, keys, seed } = CHAOS_LIMITS;
  const limits = [
    ['Seconds', texts.seconds, durationMinMs / 1000, durationMaxMs / 1000],
    ['Clients', texts.clients, 1, clients],
    ['Keys', texts.keys, 1, keys],
    ['The seed', texts.seed, 0, seed],
  ] as const;
  for (const [name, text, least, most] of limits) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
      return `${name}: a whole number from ${least} to ${most}.`;
  }
  return null;
}
