// The pictures to ask about.

/** Pictures that come with the page, and what the bundled model can be asked about them. */
export const SAMPLES = [
  { file: 'scene.png', title: 'A blue square and a word', labels: 'blue square, word', question: 'what word is written?' },
  { file: 'shapes.png', title: 'A circle and a triangle', labels: 'green circle, yellow triangle', question: 'what color is the circle?' },
  { file: 'evening.png', title: 'Three shapes', labels: 'red triangle, yellow circle', question: 'how many shapes are there?' },
  { file: 'rain.png', title: 'A red square and a word', labels: 'red square', question: 'is there a red square?' },
];

/** What decoders of the server read; everything else that this browser can show is sent as PNG. */
const READ_BY_SERVER = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/bmp', 'image/tiff']);

let number = 0;

async function asPng(bitmap) {
  const canvas = document.createElement('canvas');
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  return new Promise((done) => canvas.toBlob(done, 'image/png'));
}

/** A picture of a file: its name, what is sent, and what is drawn. */
export async function open(file, sample) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is no picture that this browser can show; choose a PNG or JPEG file.`);
  }
  let { name } = file;
  let blob = file;
  if (!READ_BY_SERVER.has(file.type)) {
    blob = await asPng(bitmap);
    name = `${name.replace(/\.[^.]*$/, '')}.png`;
  }
  return { id: ++number, name, blob, bitmap, sample, url: URL.createObjectURL(blob) };
}

/** Frees what a picture holds. */
export function close(picture) {
  URL.revokeObjectURL(picture.url);
  picture.bitmap.close();
}

/** Fetches a picture that comes with the page. */
export async function openSample(sample) {
  const response = await fetch(`page/${sample.file}`);
  const blob = await response.blob();
  return open(new File([blob], sample.file, { type: blob.type }), sample);
}

/** The pictures among pasted things, which may be texts as well. */
export function pasted(clipboard) {
  return [...(clipboard?.files ?? [])].filter((file) => file.type.startsWith('image/'));
}
