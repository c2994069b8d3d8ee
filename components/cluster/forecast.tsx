'use client';

import { createContext, use, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { forecastKill } from '../../client/verdict.ts';
import { useLive } from '../live/live-provider.tsx';

interface Pointing {
  /** The node whose loss is being considered: its kill button is pointed at or holds the focus. */
  readonly victim: string | null;
  point(victim: string | null): void;
}

const ForecastContext = createContext<Pointing>({ victim: null, point: () => {} });

/** Lets a kill button say beforehand, in the verdict's place, what it would do. */
export function ForecastProvider({ children }: { readonly children: ReactNode }) {
  const [victim, point] = useState<string | null>(null);
  const pointing = useMemo(() => ({ victim, point }), [victim]);
  return <ForecastContext value={pointing}>{children}</ForecastContext>;
}

/** What the kill that is being considered would do, in words; null when none is. */
export function useForecast(): string | null {
  const { victim } = use(ForecastContext);
  return useLive(({ view }) => {
    const isUp = view?.nodes.some((node) => node.id === victim && node.state === 'serving');
    return view === null || victim === null || isUp !== true ? null : forecastKill(view, victim);
  });
}

/** For a button that would kill `victim`. */
export function useForecasting(victim: string | null) {
  const { point } = use(ForecastContext);
  return {
    onPointerEnter: () => point(victim),
    onPointerLeave: () => point(null),
    onFocus: () => point(victim),
    onBlur: () => point(null),
  };
}
