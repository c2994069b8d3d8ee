'use client';

import { create } from 'zustand';

interface TraceChoice {
  readonly isOpen: boolean;
  show(isOpen: boolean): void;
}

/** Whether the message trace is looked at: opened from the speed bar or the palette. */
export const useTraceChoice = create<TraceChoice>((set) => ({
  isOpen: false,
  show: (isOpen) => set({ isOpen }),
}));
