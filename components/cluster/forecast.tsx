'use client';

import { createContext, use, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { forecast } from '../../client/forecast.ts';
import type { Plan } from '../../client/forecast.ts';
import { useLive } from '../live/live-provider.tsx';

interface Pointing {
  /** What is being considered: its button is pointed at or holds the focus. */
  readonly plan: Plan | null;
  point(plan: Plan | null): void;
}

const ForecastContext = createContext<Pointing>({ plan: null, point: () => {} });

/** Lets a button say beforehand, in the verdict's place, what it would do. */
export function ForecastProvider({ children }: { readonly children: ReactNode }) {
  const [plan, point] = useState<Plan | null>(null);
  const pointing = useMemo(() => ({ plan, point }), [plan]);
  return <ForecastContext value={pointing}>{children}</ForecastContext>;
}

/** What is being considered would do this, in words; null when nothing is. */
export function useForecast(): string | null {
  const { plan } = use(ForecastContext);
  return useLive(({ view }) => (view === null || plan === null ? null : forecast(view, plan)));
}

/** Says what is being considered; null for nothing any more. */
export function usePointAt(): (plan: Plan | null) => void {
  return use(ForecastContext).point;
}

/** For a button that would carry the plan out. */
export function useForecasting(plan: Plan | null) {
  const point = usePointAt();
  return {
    onPointerEnter: () => point(plan),
    onPointerLeave: () => point(null),
    onFocus: () => point(plan),
    onBlur: () => point(null),
  };
}
