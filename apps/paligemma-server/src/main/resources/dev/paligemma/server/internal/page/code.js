// What was asked, as a command and as a program.

import { fields, findsBoxes } from './tasks.js';

function shell(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A file name within -F of curl, where commas and semicolons mean something. */
function file(name) {
  return `@"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The command of curl. */
export function curl(question, pictures, withKey) {
  const address = new URL(`v1/${question.task}`, document.baseURI).href;
  const part = pictures.length > 1 ? 'images' : 'image';
  const lines = [`curl -N ${shell(address)}`];
  if (withKey) {
    lines.push('-H "Authorization: Bearer $API_KEY"');
  }
  pictures.forEach((picture) => lines.push(`-F ${shell(`${part}=${file(picture.name)}`)}`));
  fields(question).forEach(([name, value]) => lines.push(`--form-string ${shell(`${name}=${value}`)}`));
  lines.push('-F stream=true');
  return lines.join(' \\\n  ');
}

function string(text) {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}

function load(info, imports) {
  if (info.precision !== 'float32') {
    imports.add('dev.paligemma.engine.Precision');
  }
  let from;
  if (info.bundled) {
    imports.add('dev.paligemma.tiny.TinyModel');
    from = ['checkpoint', 'TinyModel.folder()'];
  } else if (info.model.includes('/')) {
    from = ['model', string(info.model)];
  } else {
    from = ['checkpoint', `Path.of(${string(info.model)})`];
  }
  const precision = info.precision === 'float32' ? '' : `\n        .precision(Precision.${info.precision.toUpperCase()})`;
  return `PaliGemmaPipeline.builder()\n        .${from[0]}(${from[1]})${precision}\n        .build()`;
}

function task(question) {
  const labels = question.labels.map(string).join(', ');
  switch (question.task) {
    case 'caption':
      return `Tasks.${{ short: 'cap', coco: 'caption', long: 'describe' }[question.style]}(${string(question.language)})`;
    case 'answer':
      return `Tasks.answer(${string(question.language)}, ${string(question.text)})`;
    case 'ocr':
      return 'Tasks.ocr()';
    default:
      return `Tasks.${question.task}(${labels})`;
  }
}

/** A program that does the same with the library. */
export function java(question, pictures, info) {
  const imports = new Set(['dev.paligemma.PaliGemmaPipeline', 'dev.paligemma.task.Tasks', 'java.nio.file.Path']);
  const model = load(info, imports);
  const files = pictures.map((picture) => `Path.of(${string(picture.name)})`);
  const asked = question.model ? `model.withAdapter(${string(question.model)})` : 'model';
  const run = `${asked}.run(${[task(question), ...files].join(', ')})`;
  const lines = [];
  if (findsBoxes(question.task)) {
    const segment = question.task === 'segment';
    imports.add(`dev.paligemma.detection.${segment ? 'Segment' : 'Detection'}`);
    lines.push(
      `for (${segment ? 'Segment' : 'Detection'} thing : ${run}.${segment ? 'segments' : 'detections'}()) {`,
      `    System.out.println(thing.label() + " at " + thing.pixels() + ", " + thing.confidence());`,
      ...(segment ? ['    thing.rle().ifPresent(mask -> System.out.println(mask.compressed()));'] : []),
      '}',
    );
  } else {
    lines.push(`System.out.println(${run}.text());`);
  }
  return [
    ...[...imports].sort().map((name) => `import ${name};`),
    '',
    'public class Example {',
    '    public static void main(String[] args) {',
    `        try (PaliGemmaPipeline model = ${model.replaceAll('\n', '\n        ')}) {`,
    ...lines.map((line) => `            ${line}`),
    '        }',
    '    }',
    '}',
  ].join('\n');
}
