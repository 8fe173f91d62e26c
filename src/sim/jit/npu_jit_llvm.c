// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// LLVM: target machines for the instruction sets of the host, optimisation, object code, and the
// linker that puts it into memory.
//
// LLVM is shared with everybody else in the process (Mesa, other OpenCL devices). Nothing global of
// it is changed: no command-line options, a context of our own for each module. Registering the
// host's target is what every user of LLVM does, and may be repeated.

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

#include "npu_jit_gen.h"

/* What a kernel's IR needs and nothing for the vectors it already has: registers to SSA values, the
 * rubble of the generator away, invariant code out of loops. In steps: between them a compilation can be
 * cancelled. */
static const char *const good_passes[] = {
   "function(mem2reg,early-cse,simplifycfg)",
   "function(instcombine<no-verify-fixpoint>,early-cse<memssa>)",
   "function(loop-mssa(licm),instcombine<no-verify-fixpoint>,simplifycfg,adce)",
   NULL,
};

/* Behind that for kernels with loops that run lane by lane: of a lane's masks much is known. */
static const char *const serial_passes[] = {
   "function(jump-threading,correlated-propagation,simplifycfg,adce)",
   NULL,
};

/* The same for long kernels: nothing that takes more than proportionally longer. */
static const char *const quick_passes[] = {"function(mem2reg,early-cse,simplifycfg,adce)", NULL};

/* What bounds the work of LLVM, always at the same point for the same kernel. From any of these on a
 * kernel is compiled quickly instead of well: its own instructions, and blocks, instructions and the
 * instructions of one block of LLVM IR. LLVM's register allocator and its selection of instructions may
 * take seconds otherwise. Beyond the limits there is no host code. */
#define LONG_UOPS               1500
#define LONG_BLOCKS             1200
#define LONG_INSTRUCTIONS       150000
#define LONG_BLOCK_INSTRUCTIONS 15000
#define MAX_INSTRUCTIONS        4000000

/* Host code may use this much of a core's stack (NPU_SIM_STACK_B). */
#define MAX_STACK "3145728"
static_assert(NPU_SIM_STACK_B >= 4 * 1024 * 1024, "host code fits the stack");

struct npu_jit_compiler {
   struct npu_jit_options options;
   struct npu_jit_host host;
   LLVMTargetMachineRef machine, quick_machine;
   LLVMOrcLLJITRef jit;
   char *triple;
   struct npu_jit_times times; /* of the last compilation */
   bool has_serial_loop;       /* that one's kernel */
};

struct npu_jit_code {
   struct npu_jit_compiler *compiler;
   LLVMOrcResourceTrackerRef tracker;
   npu_jit_fn fn;
};

static void
explain(char **why, const char *what, const char *detail)
{
   size_t size_B = strlen(what) + strlen(detail) + 3;

   *why = malloc(size_B);
   if (*why)
      snprintf(*why, size_B, "%s: %s", what, detail);
}

static void
explain_error(char **why, const char *what, LLVMErrorRef error)
{
   char *message = LLVMGetErrorMessage(error);

   explain(why, what, message);
   LLVMDisposeErrorMessage(message);
}

/* ---- the host ---------------------------------------------------------------------------- */

static bool
has(const char *features, const char *name)
{
   size_t length = strlen(name);

   for (const char *at = features; (at = strstr(at, name)); at += length) {
      if (at > features && at[-1] == '+' && (at[length] == ',' || !at[length]))
         return true;
   }
   return false;
}

/* The features to generate for, or NULL without memory; the caller frees them. Halves are floats inside of what
 * is generated here. On processors with arithmetic of halves (AVX512-FP16) LLVM 19 cannot select a half whose bits
 * are the result of a comparison, and ends the process. */
static char *
without_f16(const char *features)
{
   char *text;
   const char *without = has(features, "avx512fp16") ? ",-avx512fp16" : "";

   return asprintf(&text, "%s%s", features, without) < 0 ? NULL : text;
}

static bool
has_avx512(const char *features)
{
   return has(features, "avx512f") && has(features, "avx512bw") && has(features, "avx512dq") &&
          has(features, "avx512vl");
}

static bool
has_avx2(const char *features)
{
   return has(features, "avx2") && has(features, "fma") && has(features, "f16c") &&
          has(features, "bmi2");
}

/* Chooses the processor to generate for. `cpu` and `features` are LLVM's; both are freed by the
 * caller. */
static bool
choose_host(enum npu_jit_cpu wanted, struct npu_jit_host *host, char **cpu, char **features,
            char **why)
{
   char *native = LLVMGetHostCPUFeatures();
   bool avx512 = has_avx512(native), avx2 = has_avx2(native);
   const char *forced = NULL;

   *host = (struct npu_jit_host){.vector_bits = 128};
   if ((wanted == NPU_JIT_CPU_AVX512 && !avx512) || (wanted == NPU_JIT_CPU_AVX2 && !avx2)) {
      explain(why, "this processor has no",
              wanted == NPU_JIT_CPU_AVX2 ? "AVX2" : "AVX-512 (F, BW, DQ, VL)");
      LLVMDisposeMessage(native);
      return false;
   }
   if (wanted == NPU_JIT_CPU_SSE2) {
      avx512 = avx2 = false;
      forced = "x86-64";
   } else if (wanted == NPU_JIT_CPU_AVX2) {
      avx512 = false;
      forced = "x86-64-v3";
   } else if (wanted == NPU_JIT_CPU_AVX512) {
      forced = "x86-64-v4";
   }
   host->has_avx512 = avx512;
   host->has_avx2 = avx2;
   host->has_fma = avx2 || (!forced && has(native, "fma"));
   host->has_f16c = avx2 || (!forced && has(native, "f16c"));
   host->has_sse41 = avx2 || (!forced && has(native, "sse4.1"));
   host->vector_bits = avx512 ? 512 : avx2 ? 256 : 128;
   *cpu = forced ? strdup(forced) : LLVMGetHostCPUName();
   *features = forced ? strdup("") : without_f16(native);
   LLVMDisposeMessage(native);
   return *cpu && *features;
}

char *
npu_jit_identity(const struct npu_jit_options *options)
{
   struct npu_jit_host host;
   unsigned major, minor, patch;
   char *cpu = NULL, *features = NULL, *why = NULL, *identity = NULL;

   LLVMGetVersion(&major, &minor, &patch);
   if (choose_host(options->cpu, &host, &cpu, &features, &why) &&
       asprintf(&identity, "%u LLVM %u.%u.%u %s %s %d %d %u\n", NPU_JIT_VERSION, major, minor,
                patch, cpu, features, options->canonical_nans, options->quick,
                host.vector_bits) < 0)
      identity = NULL;
   free(why);
   free(cpu);
   free(features);
   return identity ? identity : strdup("none");
}

static pthread_once_t targets_once = PTHREAD_ONCE_INIT;

static void
register_target(void)
{
   LLVMInitializeNativeTarget();
   LLVMInitializeNativeAsmPrinter();
}

static LLVMTargetMachineRef
create_machine(const struct npu_jit_compiler *compiler, const char *cpu, const char *features,
               LLVMCodeGenOptLevel level, char **why)
{
   LLVMTargetRef target;
   char *message = NULL;

   if (LLVMGetTargetFromTriple(compiler->triple, &target, &message)) {
      explain(why, "LLVM", message);
      LLVMDisposeMessage(message);
      return NULL;
   }
   return LLVMCreateTargetMachine(target, compiler->triple, cpu, features, level, LLVMRelocPIC,
                                  LLVMCodeModelJITDefault);
}

/* What LLVM may call for large copies. */
static void
define_symbols(struct npu_jit_compiler *compiler)
{
   static const struct {
      const char *name;
      void *fn;
   } symbols[] = {{"memcpy", memcpy}, {"memset", memset}, {"memmove", memmove}};
   LLVMOrcCSymbolMapPair pairs[sizeof(symbols) / sizeof(symbols[0])];
   size_t count = sizeof(symbols) / sizeof(symbols[0]);

   for (size_t i = 0; i < count; i++) {
      pairs[i] = (LLVMOrcCSymbolMapPair){
         .Name = LLVMOrcLLJITMangleAndIntern(compiler->jit, symbols[i].name),
         .Sym = {.Address = (uintptr_t)symbols[i].fn,
                 .Flags = {.GenericFlags = LLVMJITSymbolGenericFlagsExported}},
      };
   }
   LLVMErrorRef error = LLVMOrcJITDylibDefine(LLVMOrcLLJITGetMainJITDylib(compiler->jit),
                                              LLVMOrcAbsoluteSymbols(pairs, count));
   if (error)
      LLVMConsumeError(error);
}

static LLVMMemoryBufferRef
emit(LLVMTargetMachineRef machine, LLVMModuleRef module, char **why)
{
   LLVMMemoryBufferRef object = NULL;
   char *message = NULL;

   if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, LLVMObjectFile, &message, &object)) {
      explain(why, "LLVM", message);
      LLVMDisposeMessage(message);
      return NULL;
   }
   return object;
}

/* ---- one kernel -------------------------------------------------------------------------- */

static void
add_attribute(struct npu_jit_gen *g, const char *name, const char *value)
{
   LLVMAttributeRef attribute = LLVMCreateStringAttribute(g->context, name, (unsigned)strlen(name),
                                                          value, (unsigned)strlen(value));
   LLVMAddAttributeAtIndex(g->fn, LLVMAttributeFunctionIndex, attribute);
}

/* Makes the module of a kernel. NULL: out of memory. */
static LLVMModuleRef
make_module(struct npu_jit_compiler *compiler, const struct npu_jit_flow *flow,
            LLVMContextRef context, const char *name)
{
   struct npu_jit_gen *g = calloc(1, sizeof(*g));
   bool good = false;

   if (!g)
      return NULL;
   g->blocks = calloc(flow->num_blocks, sizeof(*g->blocks));
   g->context = context;
   g->module = LLVMModuleCreateWithNameInContext(name, context);
   g->builder = LLVMCreateBuilderInContext(context);
   g->flow = flow;
   g->host = &compiler->host;
   g->canonical_nans = compiler->options.canonical_nans;
   g->poisons = compiler->options.quick;
   g->width = compiler->host.vector_bits / 32;
   if (g->width < NPU_JIT_MIN_WIDTH)
      g->width = NPU_JIT_MIN_WIDTH;
   g->chunks = NPU_INTERP_LANES / g->width;
   g->i1 = LLVMInt1TypeInContext(context);
   g->i8 = LLVMInt8TypeInContext(context);
   g->i16 = LLVMInt16TypeInContext(context);
   g->i32 = LLVMInt32TypeInContext(context);
   g->i64 = LLVMInt64TypeInContext(context);
   g->f32 = LLVMFloatTypeInContext(context);
   g->f64 = LLVMDoubleTypeInContext(context);
   g->ptr = LLVMPointerTypeInContext(context, 0);
   LLVMSetTarget(g->module, compiler->triple);
   LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(compiler->machine);
   LLVMSetModuleDataLayout(g->module, layout);
   LLVMDisposeTargetData(layout);
   if (g->blocks) {
      good = npu_jit_generate(g);
      compiler->has_serial_loop = g->has_serial_loop;
      LLVMSetValueName2(g->fn, name, strlen(name));
      char bits[8];
      snprintf(bits, sizeof(bits), "%u", compiler->host.vector_bits);
      add_attribute(g, "prefer-vector-width", bits);
      add_attribute(g, "min-legal-vector-width", bits);
      add_attribute(g, "frame-pointer", "none");
      add_attribute(g, "warn-stack-size", MAX_STACK);
   }
   LLVMModuleRef module = g->module;
   LLVMDisposeBuilder(g->builder);
   free(g->blocks);
   free(g);
   if (!good) {
      LLVMDisposeModule(module);
      return NULL;
   }
   return module;
}

/* Thread time since *since_ns, which becomes now. */
static uint64_t
lap_ns(uint64_t *since_ns)
{
   struct timespec time;

   clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
   uint64_t now_ns = (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
   uint64_t lap = now_ns - *since_ns;
   *since_ns = now_ns;
   return lap;
}

static bool
optimise(struct npu_jit_compiler *compiler, LLVMModuleRef module, const char *const *passes,
         const _Atomic bool *cancel, char **why)
{
   LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
   LLVMErrorRef error = NULL;

   for (; *passes && !error && !*cancel; passes++)
      error = LLVMRunPasses(module, *passes, compiler->machine, options);
   LLVMDisposePassBuilderOptions(options);
   if (error)
      explain_error(why, "LLVM", error);
   else if (*cancel)
      explain(why, "JIT", "cancelled");
   return !*why;
}

struct size {
   uint64_t blocks, instructions, longest_block;
};

static struct size
size_of(LLVMValueRef fn)
{
   struct size size = {0};

   for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(fn); b; b = LLVMGetNextBasicBlock(b)) {
      uint64_t count = 0;
      for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i))
         count++;
      size.blocks++;
      size.instructions += count;
      size.longest_block = count > size.longest_block ? count : size.longest_block;
   }
   return size;
}

static bool
is_long(const struct npu_jit_compiler *compiler, const struct npu_jit_flow *flow,
        const struct size *size)
{
   return compiler->options.quick || flow->kernel->num_uops >= LONG_UOPS ||
          size->blocks >= LONG_BLOCKS || size->instructions >= LONG_INSTRUCTIONS ||
          size->longest_block >= LONG_BLOCK_INSTRUCTIONS;
}

static void
dump(LLVMModuleRef module, const char *what)
{
   if (!getenv("NPU_JIT_DUMP"))
      return;
   char *text = LLVMPrintModuleToString(module);
   fprintf(stderr, "; npu jit: %s\n%s\n", what, text);
   LLVMDisposeMessage(text);
}

/* Notes the one diagnostic that host code cannot live with; all others are about its speed. */
static void
on_diagnostic(LLVMDiagnosticInfoRef info, void *data)
{
   bool *too_much_stack = data;
   char *text = LLVMGetDiagInfoDescription(info);

   if (strstr(text, "stack frame size"))
      *too_much_stack = true;
   LLVMDisposeMessage(text);
}

/* Object code in a buffer. NULL: a message in *why. */
static LLVMMemoryBufferRef
make_object(struct npu_jit_compiler *compiler, const struct npu_jit_flow *flow, const char *name,
            const _Atomic bool *cancel, char **why)
{
   uint64_t since_ns = 0;

   lap_ns(&since_ns);
   LLVMContextRef context = LLVMContextCreate();
   bool too_much_stack = false;
   LLVMContextSetDiagnosticHandler(context, on_diagnostic, &too_much_stack);
   LLVMModuleRef module = make_module(compiler, flow, context, name);
   LLVMMemoryBufferRef object = NULL;
   char *message = NULL;

   if (!module) {
      explain(why, "JIT", "not enough memory");
   } else {
      const struct size size = size_of(LLVMGetNamedFunction(module, name));
      const bool quickly = is_long(compiler, flow, &size);
      compiler->times.is_long = quickly;
      if (size.instructions > MAX_INSTRUCTIONS)
         explain(why, "JIT", "too long");
      compiler->times.generate_ns = lap_ns(&since_ns);
      dump(module, "as generated");
#ifndef NDEBUG
      if (!*why && LLVMVerifyModule(module, LLVMReturnStatusAction, &message))
         explain(why, "JIT made malformed code", message);
      LLVMDisposeMessage(message);
#endif
      const char *const *passes = quickly ? quick_passes : good_passes;
      bool good = !*why && optimise(compiler, module, passes, cancel, why);
      if (good && compiler->has_serial_loop && !quickly)
         good = optimise(compiler, module, serial_passes, cancel, why);
      if (good) {
         dump(module, "optimised");
         compiler->times.optimise_ns = lap_ns(&since_ns);
         object = emit(quickly ? compiler->quick_machine : compiler->machine, module, why);
         compiler->times.emit_ns = lap_ns(&since_ns);
         if (too_much_stack && object) {
            explain(why, "JIT", "too much stack");
            LLVMDisposeMemoryBuffer(object);
            object = NULL;
         }
      }
      LLVMDisposeModule(module);
   }
   LLVMContextDispose(context);
   return object;
}

/* Puts object code into memory; takes the buffer. False: a message in *why. */
static bool
link_object(struct npu_jit_code *code, LLVMMemoryBufferRef object, const char *name, char **why)
{
   struct npu_jit_compiler *compiler = code->compiler;
   LLVMOrcExecutorAddress address = 0;
   uint64_t since_ns = 0;

   lap_ns(&since_ns);
   code->tracker = LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(compiler->jit));
   LLVMErrorRef error = LLVMOrcLLJITAddObjectFileWithRT(compiler->jit, code->tracker, object);
   if (!error)
      error = LLVMOrcLLJITLookup(compiler->jit, &address, name);
   if (error)
      explain_error(why, "LLVM", error);
   code->fn = error ? NULL : (npu_jit_fn)(uintptr_t)address;
   compiler->times.link_ns = lap_ns(&since_ns);
   return code->fn != NULL;
}

struct npu_jit_code *
npu_jit_compile(struct npu_jit_compiler *compiler, const struct npu_jit_flow *flow,
                const struct npu_jit_source *source, const _Atomic bool *cancel, char **why)
{
   struct npu_jit_code *code = calloc(1, sizeof(*code));
   LLVMMemoryBufferRef buffer = NULL;
   size_t object_B;
   char name[64];

   *why = NULL;
   compiler->times = (struct npu_jit_times){.is_long = false};
   if (!code)
      return NULL;
   if (flow->kernel->num_uops > NPU_JIT_MAX_UOPS) {
      free(code);
      explain(why, "JIT", "too long");
      return NULL;
   }
   code->compiler = compiler;
   snprintf(name, sizeof(name), "npu_wave_%016llx%016llx", (unsigned long long)source->hash[0],
            (unsigned long long)source->hash[1]);
   char *object = npu_jit_disk_load(source, &object_B);
   if (object) {
      buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(object, object_B, name);
      free(object);
   } else if ((buffer = make_object(compiler, flow, name, cancel, why))) {
      npu_jit_disk_store(source, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
   }
   if (!buffer || !link_object(code, buffer, name, why)) {
      npu_jit_code_free(code);
      return NULL;
   }
   return code;
}

struct npu_jit_times
npu_jit_compiler_times(const struct npu_jit_compiler *compiler)
{
   return compiler->times;
}

npu_jit_fn
npu_jit_code_fn(const struct npu_jit_code *code)
{
   return code->fn;
}

void
npu_jit_code_free(struct npu_jit_code *code)
{
   if (!code)
      return;
   if (code->tracker) {
      LLVMErrorRef error = LLVMOrcResourceTrackerRemove(code->tracker);
      if (error)
         LLVMConsumeError(error);
      LLVMOrcReleaseResourceTracker(code->tracker);
   }
   free(code);
}

/* ---- the compiler ------------------------------------------------------------------------ */

/* A module with next to nothing: a call, as looking up functions needs objects as well, and a vector of
 * constants in a loop, for which there are tables of instructions. */
static LLVMModuleRef
make_little(const struct npu_jit_compiler *compiler, LLVMContextRef context, const char *name)
{
   LLVMModuleRef module = LLVMModuleCreateWithNameInContext(name, context);
   LLVMBuilderRef builder = LLVMCreateBuilderInContext(context);
   LLVMTypeRef i64 = LLVMInt64TypeInContext(context), i32 = LLVMInt32TypeInContext(context);
   LLVMTypeRef ptr = LLVMPointerTypeInContext(context, 0), row = LLVMVectorType(i32, 16);
   LLVMTypeRef memset_type = LLVMFunctionType(ptr, (LLVMTypeRef[]){ptr, i32, i64}, 3, false);
   LLVMValueRef other = LLVMAddFunction(module, "memset", memset_type);
   LLVMValueRef fn = LLVMAddFunction(module, name,
                                     LLVMFunctionType(ptr, (LLVMTypeRef[]){ptr, i64}, 2, false));
   LLVMValueRef args[3] = {LLVMGetParam(fn, 0), LLVMConstNull(i32), LLVMGetParam(fn, 1)};
   LLVMValueRef lanes[16];

   LLVMSetTarget(module, compiler->triple);
   LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(context, fn, "");
   LLVMBasicBlockRef loop = LLVMAppendBasicBlockInContext(context, fn, "");
   LLVMBasicBlockRef end = LLVMAppendBasicBlockInContext(context, fn, "");
   LLVMPositionBuilderAtEnd(builder, entry);
   LLVMBuildBr(builder, loop);
   LLVMPositionBuilderAtEnd(builder, loop);
   for (unsigned l = 0; l < 16; l++)
      lanes[l] = LLVMConstInt(i32, l % 4, false);
   LLVMValueRef value = LLVMBuildLoad2(builder, row, args[0], "");
   value = LLVMBuildAdd(builder, value, LLVMConstVector(lanes, 16), "");
   LLVMBuildStore(builder, value, args[0]);
   LLVMValueRef more = LLVMBuildLoad2(builder, i32, args[0], "");
   LLVMBuildCondBr(builder, LLVMBuildICmp(builder, LLVMIntNE, more, LLVMConstNull(i32), ""), loop,
                   end);
   LLVMPositionBuilderAtEnd(builder, end);
   LLVMBuildRet(builder, LLVMBuildCall2(builder, memset_type, other, args, 3, ""));
   LLVMDisposeBuilder(builder);
   return module;
}

/* Compiles and links that. LLVM makes objects when it first needs them that are destroyed at exit;
 * those that every compilation needs exist behind this. */
static void
warm_up(struct npu_jit_compiler *compiler)
{
   static const _Atomic bool cancel;
   const char *const name = "npu_little";
   LLVMContextRef context = LLVMContextCreate();
   LLVMModuleRef module = make_little(compiler, context, name);
   struct npu_jit_code *code = calloc(1, sizeof(*code));
   char *why = NULL;

   if (code && optimise(compiler, module, good_passes, &cancel, &why)) {
      LLVMMemoryBufferRef object = emit(compiler->machine, module, &why);
      code->compiler = compiler;
      if (object)
         link_object(code, object, name, &why);
   }
   npu_jit_code_free(code);
   free(why);
   LLVMDisposeModule(module);
   LLVMContextDispose(context);
}

struct npu_jit_compiler *
npu_jit_compiler_create(const struct npu_jit_options *options, char **why)
{
   struct npu_jit_compiler *compiler = calloc(1, sizeof(*compiler));
   char *cpu = NULL, *features = NULL;

   *why = NULL;
   if (!compiler)
      return NULL;
   pthread_once(&targets_once, register_target);
   compiler->options = *options;
   compiler->triple = LLVMGetDefaultTargetTriple();
   if (choose_host(options->cpu, &compiler->host, &cpu, &features, why)) {
      const LLVMCodeGenOptLevel good = LLVMCodeGenLevelDefault, quick = LLVMCodeGenLevelNone;
      compiler->machine = create_machine(compiler, cpu, features, good, why);
      compiler->quick_machine = create_machine(compiler, cpu, features, quick, why);
      LLVMTargetMachineRef linker = create_machine(compiler, cpu, features, good, why);
      if (compiler->machine && compiler->quick_machine && linker) {
         LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
         LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
            builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(linker));
         LLVMErrorRef error = LLVMOrcCreateLLJIT(&compiler->jit, builder);
         if (error) {
            explain_error(why, "LLVM", error);
            compiler->jit = NULL;
         }
      }
   }
   free(cpu);
   free(features);
   if (!compiler->jit) {
      npu_jit_compiler_free(compiler);
      return NULL;
   }
   define_symbols(compiler);
   warm_up(compiler);
   return compiler;
}

void
npu_jit_compiler_free(struct npu_jit_compiler *compiler)
{
   if (!compiler)
      return;
   if (compiler->jit) {
      LLVMErrorRef error = LLVMOrcDisposeLLJIT(compiler->jit);
      if (error)
         LLVMConsumeError(error);
   }
   if (compiler->machine)
      LLVMDisposeTargetMachine(compiler->machine);
   if (compiler->quick_machine)
      LLVMDisposeTargetMachine(compiler->quick_machine);
   LLVMDisposeMessage(compiler->triple);
   free(compiler);
}
