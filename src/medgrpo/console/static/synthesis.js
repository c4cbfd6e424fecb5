// From a burst to sound: Web Audio alone, no files. Any BaseAudioContext does, so that tests measure what is played.

import { BURSTS, PARTIALS, PITCH_HZ, RISE_SHARE, onsets } from "./bursts.js";

const FADE_SECONDS = 0.005; // a sound that is cut off at once would click

/** Begin that priority's burst at `at` (seconds of the context). Gives what cuts it off. */
export function playBurst(context, priority, at) {
  const { pulse_ms, strength } = BURSTS[priority];
  const { oscillator, shape, out } = voice(context, periodic(context), PITCH_HZ);
  const pulse = pulse_ms / 1000;
  let end = at;
  for (const onset of onsets(priority)) end = shapePulse(shape.gain, at + onset / 1000, pulse, strength);
  oscillator.start(at);
  oscillator.stop(end);
  return () => {
    out.gain.setTargetAtTime(0, context.currentTime, FADE_SECONDS);
    oscillator.stop(context.currentTime + 10 * FADE_SECONDS);
  };
}

/** What answers the press that turned the sound on: one soft sine, low and without harmonics, so that nobody takes it for an alarm. */
export function playConfirmation(context, at) {
  const { oscillator, shape } = voice(context, null, PITCH_HZ / 2);
  oscillator.start(at);
  oscillator.stop(shapePulse(shape.gain, at, 0.2, 0.3));
}

function voice(context, wave, frequency) {
  const oscillator = new OscillatorNode(context, wave === null ? { frequency } : { frequency, periodicWave: wave });
  const shape = new GainNode(context, { gain: 0 });
  const out = new GainNode(context, { gain: 1 });
  oscillator.connect(shape).connect(out).connect(context.destination);
  return { oscillator, shape, out };
}

/** Sines of these strengths, scaled by the browser so that together they reach 1. */
function periodic(context) {
  const imag = Float32Array.of(0, ...PARTIALS);
  return new PeriodicWave(context, { real: new Float32Array(imag.length), imag });
}

/** Straight up, level, straight down; its length lies between the moments at nine tenths. Gives when it is silent again. */
function shapePulse(gain, at, pulse, strength) {
  const slope = RISE_SHARE * pulse;
  const down = at + 0.8 * slope + pulse; // full strength until here: 0.9 slope, the pulse, less 0.1 slope
  gain.setValueAtTime(0, at);
  gain.linearRampToValueAtTime(strength, at + slope);
  gain.setValueAtTime(strength, down);
  gain.linearRampToValueAtTime(0, down + slope);
  return down + slope;
}
