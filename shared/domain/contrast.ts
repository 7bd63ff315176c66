import type { HexColour } from './render-spec.ts';

/**
 * The least difference in brightness (0…255) between background and foreground. Measured: decision record 0006.
 *
 * Readers work on a grey picture of values as they are stored, so the difference of these is what they see; a ratio of
 * luminances would let dark colours pass on darker ones.
 */
export const minContrast = 80;

/** What the paper under a transparent background is taken to be. */
export const assumedPaper: HexColour = '#ffffff';

type Channels = [red: number, green: number, blue: number];

function channelsOf(colour: HexColour): Channels {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function hexOf(channels: Channels): HexColour {
  const value = channels.reduce((sum, channel) => sum * 256 + channel, 0);
  return `#${value.toString(16).padStart(6, '0')}`;
}

type Weights = [red: number, green: number, blue: number];

/** How readers and cameras make grey of colours: ITU-R BT.601 (zxing, JPEG) and BT.709 (zbar's tools, video). */
const greyWeights: Weights[] = [
  [0.299, 0.587, 0.114],
  [0.2126, 0.7152, 0.0722],
];

function greyOf([red, green, blue]: Channels, weights: Weights): number {
  return weights[0] * red + weights[1] * green + weights[2] * blue;
}

/**
 * Returns how much lighter the background is than the foreground, −255…255, in the grey that tells them apart least;
 * negative when the colours are inverted.
 */
export function contrastOf(foreground: HexColour, background: HexColour): number {
  const dark = channelsOf(foreground);
  const light = channelsOf(background);
  return Math.min(...greyWeights.map((weights) => greyOf(light, weights) - greyOf(dark, weights)));
}

/** Whether readers tell these two apart, dark on light. */
export function isReadable(foreground: HexColour, background: HexColour): boolean {
  return contrastOf(foreground, background) >= minContrast;
}

export type ReadableColours = { foreground: HexColour; background: HexColour };

/** Darkens the foreground, hue kept, just as far as readers need on this background; null when black is no help. */
function nearestForeground(foreground: HexColour, background: HexColour): HexColour | null {
  const darkened = (share: number): HexColour =>
    hexOf(channelsOf(foreground).map((channel) => Math.floor(channel * share)) as Channels);
  return firstReadable(darkened, (colour) => isReadable(colour, background));
}

/** Lightens the background, hue kept, just as far as readers need under this foreground; null when white is no help. */
function nearestBackground(foreground: HexColour, background: HexColour): HexColour | null {
  const lightened = (share: number): HexColour =>
    hexOf(channelsOf(background).map((channel) => 255 - Math.floor((255 - channel) * share)) as Channels);
  return firstReadable(lightened, (colour) => isReadable(foreground, colour));
}

/** Tries shares of a colour from 1023/1024 down to none, and returns the first colour that reads. */
function firstReadable(
  colourAt: (share: number) => HexColour,
  reads: (colour: HexColour) => boolean,
): HexColour | null {
  for (let step = 1023; step >= 0; step--) {
    const colour = colourAt(step / 1024);
    if (reads(colour)) return colour;
  }
  return null;
}

/**
 * Returns the nearest colours that read: a darker foreground of the same hue, else a lighter background of the same
 * hue, else the two swapped, else black on white.
 */
export function nearestReadable(foreground: HexColour, background: HexColour): ReadableColours {
  const darker = nearestForeground(foreground, background);
  if (darker !== null) return { foreground: darker, background };
  const lighter = nearestBackground(foreground, background);
  if (lighter !== null) return { foreground, background: lighter };
  if (isReadable(background, foreground)) return { foreground: background, background: foreground };
  return { foreground: '#000000', background: '#ffffff' };
}
