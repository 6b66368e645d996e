import { tuneV8 } from '../cli/tune-v8.ts';
import { measureMachine } from './machine.ts';
tuneV8();
measureMachine();
