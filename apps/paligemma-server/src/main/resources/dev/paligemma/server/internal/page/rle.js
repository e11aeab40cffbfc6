// Masks as COCO has them: run lengths down the columns, outside first, packed five bits to a character.

const LARGEST = 1400;

/** The run lengths behind a text. */
export function counts(text) {
  const runs = [];
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let shift = 0;
    let digit;
    do {
      digit = text.charCodeAt(at++) - 48;
      value |= (digit & 31) << shift;
      shift += 5;
    } while ((digit & 32) && at < text.length);
    if ((digit & 16) && shift < 32) {
      value |= -1 << shift;
    }
    runs.push(runs.length > 2 ? value + runs[runs.length - 2] : value);
  }
  return runs;
}

/** Which pixels are inside: {width, height, inside: Uint8Array}, row by row, reduced if the picture is large. */
export function decode(rle) {
  const [fullHeight, fullWidth] = rle.size;
  const scale = Math.min(1, LARGEST / Math.max(fullWidth, fullHeight));
  const width = Math.max(1, Math.round(fullWidth * scale));
  const height = Math.max(1, Math.round(fullHeight * scale));
  const inside = new Uint8Array(width * height);
  let place = 0;
  let isInside = false;
  for (const run of counts(rle.counts)) {
    const end = Math.min(place + run, fullWidth * fullHeight);
    if (isInside) {
      for (let pixel = place; pixel < end; pixel++) {
        const x = Math.min(width - 1, Math.floor(Math.floor(pixel / fullHeight) * scale));
        const y = Math.min(height - 1, Math.floor((pixel % fullHeight) * scale));
        inside[y * width + x] = 1;
      }
    }
    place = end;
    isInside = !isInside;
  }
  return { width, height, inside };
}
