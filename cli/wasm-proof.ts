import { unreachable } from '../src/base/kit-bug.ts';
import type { ProofTarget } from '../src/emit/emit.ts';
import { BYTES_CLASS, type WasmRole } from '../src/targets/wasm/conventions.ts';
import type { AnsweredImport, ImportAnswer } from '../src/targets/wasm/imports.ts';
import type { PlainCalls } from '../src/targets/wasm/plain-calls.ts';
import { ROUNDED_UP } from '../src/targets/wasm/wasm-allocator.ts';

/** What stands for the arguments of each call of an allocator in C. */
const ARGUMENTS: Readonly<Record<WasmRole, string>> = {
  malloc: 'size',
  free: 'address',
  calloc: 'count, size',
  realloc: 'address, size',
  aligned: 'alignment, size',
  usableSize: 'address',
};
/** The calls that a module need not have. */
const OPTIONAL_ROLES = ['calloc', 'realloc', 'aligned', 'usableSize'] as const;

/** How a program in JavaScript calls a module: by its exports. */
export function proofOfWasm(specifier: string, plain: PlainCalls): ProofTarget {
  const { convention, imports, initializer, names, pagesMax } = plain;
  const optional = OPTIONAL_ROLES.filter((role) => names.has(role));
  return {
    kind: 'wasm',
    specifier,
    pagesMax,
    imports: spelledImports(imports),
    trapsAbove: convention.refusal === 'trap' ? ROUNDED_UP : undefined,
    calls: {
      malloc: callOf('malloc', plain),
      free: callOf('free', plain),
      ...Object.fromEntries(optional.map((role) => [role, callOf(role, plain)])),
      ...(initializer !== undefined && { initialize: spelledCall(initializer, '') }),
    },
  };
}

function callOf(role: WasmRole, { convention: { collector }, names }: PlainCalls): string {
  const name = names.get(role)!;
  const call = spelledCall(name, ARGUMENTS[role]);
  if (collector === undefined) return call;
  return role === 'malloc'
    ? spelledCall(collector.pin, spelledCall(name, `size, ${BYTES_CLASS}`))
    : `(${call}, ${spelledCall(collector.collect, '')})`;
}

function spelledCall(name: string, args: string): string {
  return `exports[${JSON.stringify(name)}](${args})`;
}

/** What a module is given, as an object in JavaScript. */
function spelledImports(imports: readonly AnsweredImport[]): string {
  const modules = [...new Set(imports.map(({ module }) => module))].map((module) => {
    const own = imports.filter((each) => each.module === module);
    const answers = own.map(
      ({ answer, name }) => `${JSON.stringify(name)}: ${spelled(answer, name)}`,
    );
    return `${JSON.stringify(module)}: { ${answers.join(', ')} }`;
  });
  return modules.length === 0 ? '{}' : `{ ${modules.join(', ')} }`;
}

function spelled(answer: ImportAnswer, name: string): string {
  switch (answer.kind) {
    case 'memory':
      return `new WebAssembly.Memory(${JSON.stringify(answer.limits)})`;
    case 'returns':
      return `() => ${answer.value}`;
    case 'grows':
      return '(size) => growTo(size)';
    case 'stops':
      return `stop(${JSON.stringify(name)})`;
    default:
      return unreachable(answer);
  }
}
