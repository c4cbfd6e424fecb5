// Bursts of auditory alarm signals as IEC 60601-1-8 describes them: how many pulses, when each begins, how long it lasts, at which pitch.
//
// UNVERIFIED: nobody here has read the standard. The numbers of pulses stand in this project's reference (clinical-safety.md 3.2, marked
// to be confirmed). Every range in the comments below is from general knowledge of the standard's tables 3 and 4; parts of it are also in
// public pages that build on it (TI's data sheet of the DAC53701, SLASEY5: intervals between bursts; puiaudio.com/pages/iec-60601-1-8:
// pitch and harmonics). The value chosen within a range is ours. Read the standard before anything here sounds in an operating theatre.

/** The pitch, c'': 150 to 1000 Hz. One pitch for all priorities: melodies would name causes, which the standard assigns and we do not. */
export const PITCH_HZ = 523.25;

/** Strengths of the pitch and of its multiples: at least four in 300 to 4000 Hz, each within 15 dB of the pitch (the weakest: -8 dB). */
export const PARTIALS = [1, 0.8, 0.6, 0.5, 0.4];

/** Of a pulse's length, for rise and fall each, from nothing to all: 10 to 20 %; rise and fall together within the gap. */
export const RISE_SHARE = 0.16;

/**
 * By BICEPS' priority. Pulses last and gaps are measured from and to nine tenths of the full strength.
 *
 *   pulse_ms   high 75 to 200, medium and low 125 to 250
 *   gaps_ms    high x = 50 to 125: x, x, 2x + pulse, x, then 350 to 1300, then the same again: 3, 2, 3, 2 pulses in two halves.
 *              medium and low y = 125 to 250; pulse + y of medium at least pulse + x of high
 *   repeat_ms  from a burst to the next: high 2.5 to 15 s, medium 2.5 to 30 s, low more than 15 s or never
 *   soonest_ms the same, when something is to be told that the last burst did not tell
 *   strength   a more urgent one is never softer; what it is in the room depends on its loudspeaker, which nobody has measured
 */
export const BURSTS = {
  Hi: { pulse_ms: 150, gaps_ms: [100, 100, 350, 100, 500, 100, 100, 350, 100], repeat_ms: 5000, soonest_ms: 2500, strength: 0.9 },
  Me: { pulse_ms: 200, gaps_ms: [200, 200], repeat_ms: 10000, soonest_ms: 2500, strength: 0.63 },
  Lo: { pulse_ms: 200, gaps_ms: [200], repeat_ms: 20000, soonest_ms: 16000, strength: 0.45 },
};

const RANKS = { Hi: 3, Me: 2, Lo: 1 };

/** 3 high to 1 low; 0 where there is nothing to sound. */
export const rank = (priority) => RANKS[priority] ?? 0;

/** When each pulse begins, in ms from the burst's beginning. */
export function onsets(priority) {
  const { pulse_ms, gaps_ms } = BURSTS[priority];
  const found = [0];
  for (const gap of gaps_ms) found.push(found.at(-1) + pulse_ms + gap);
  return found;
}

/** From the first pulse to the end of the last. */
export const lasts_ms = (priority) => onsets(priority).at(-1) + BURSTS[priority].pulse_ms;
