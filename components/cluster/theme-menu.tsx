'use client';

import { Contrast } from 'lucide-react';
import { Menu } from '../ui/menu.tsx';
import { setTheme, useThemeChoice } from './theme.ts';

const CHOICES = [
  ['system', 'System', 'As the device says, and with it when it changes'],
  ['light', 'Light', 'Dark words on light paper'],
  ['dark', 'Dark', 'Light words on dark paper'],
] as const;

/** The three themes, and which one is chosen. */
export function ThemeMenu() {
  const choice = useThemeChoice();
  return (
    <Menu
      label="Theme"
      size="normal"
      className="w-8 px-0!"
      icon={<Contrast className="size-4 shrink-0" aria-hidden="true" />}
      items={CHOICES.map(([value, label, hint]) => ({
        label,
        hint,
        checked: value === choice,
        disabledBecause: null,
        run: () => setTheme(value),
      }))}
    />
  );
}
