// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Random OpenCL C programs as syntax trees: random_generate.c makes them, random_print.c writes
 * them as OpenCL C, random_evaluate.c computes what they must give, random_reduce.c makes failing
 * ones small, and random_program.c is the test.
 *
 * Programs are made so that OpenCL C defines every result to the bit: signed arithmetic goes
 * through unsigned types, divisors and shift counts are made safe, indices are masked, floats only
 * meet correctly rounded operations (contraction is off) and are never stored as bits, barriers
 * stand where all items of a group pass, and items share memory only across barriers or by atomics
 * that commute.
 *
 * Each expression has exactly the type its node says, so the printer casts wherever C would
 * promote. */

#ifndef RANDOM_AST_H
#define RANDOM_AST_H

#include "cl_values.h"

#define RANDOM_INPUTS            64 /* elements of the input buffer, ulong */
#define RANDOM_MEM_SLOTS         8  /* of global memory per item */
#define RANDOM_LOCAL_SLOTS       4  /* of local memory per item */
#define RANDOM_COUNTERS          5  /* words for atomics: add, xor, or, min, max */
#define RANDOM_MAX_VARS          24
#define RANDOM_MAX_ARRAYS        3
#define RANDOM_MAX_LENGTH        16
#define RANDOM_MAX_RECORDS       3 /* arrays of structures */
#define RANDOM_MAX_RECORD_LENGTH 4
#define RANDOM_MAX_FIELDS        4
#define RANDOM_MAX_VECTORS       3
#define RANDOM_MAX_WIDTH         16
#define RANDOM_MAX_FUNCTIONS     4
#define RANDOM_MAX_PARAMS        3

/* What CLT_FLOAT stands for in a program: its one real type. Values of it, constants too, are kept as the bits of the
 * double of the same value. */
enum random_real {
   REAL_FLOAT,
   REAL_DOUBLE,
   REAL_HALF,
   NUM_REALS,
};

enum expr_kind {
   E_CONST, /* value */
   E_VAR,   /* variable "index" */
   E_ARRAY, /* element arg[0] (uint, masked) of private array "index" */
   E_FIELD, /* field op of element arg[0] (uint, masked) of record "index" */
   E_LANE, /* component op of vector "index", or component arg[0] (uint, masked) if that is there */
   E_INPUT,   /* element arg[0] (uint, masked) of the input, cast to the type */
   E_ID,      /* op: 0 global id, 1 local id, 2 group id; uint; in the kernel only */
   E_MEM,     /* the item's own slot arg[0] of global memory; in the kernel only */
   E_LOCAL,   /* the item's own slot arg[0] of local memory; in the kernel only */
   E_UNARY,   /* op */
   E_BINARY,  /* op; shifts have an uint as arg[1] */
   E_COMPARE, /* op on arg[0], arg[1] of one type; int */
   E_LOGIC,   /* op: 0 and, 1 or, 2 not; arguments and result int */
   E_CHOOSE,  /* arg[0] (int) ? arg[1] : arg[2] */
   E_CAST,    /* arg[0] of any type; float to integer saturates */
   E_BUILTIN, /* op */
   E_CALL,    /* function "index" */
};

enum unary_op {
   U_NEG,
   U_NOT, /* integers */
   U_FABS,
   U_FLOOR,
   U_CEIL,
   U_TRUNC,
   U_RINT,
};

enum binary_op {
   B_ADD,
   B_SUB,
   B_MUL,
   B_AND, /* from here on integers only */
   B_OR,
   B_XOR,
   B_SHL,
   B_SHR,
   B_DIV,
   B_REM,
   NUM_BINARY_OPS,
};

enum compare_op {
   C_LT,
   C_LE,
   C_GT,
   C_GE,
   C_EQ,
   C_NE,
};

enum builtin_op {
   F_MIN,
   F_MAX,
   F_ABS_DIFF,
   F_ABS,
   F_ADD_SAT,
   F_SUB_SAT,
   F_MUL_HI,
   F_ROTATE,
   F_POPCOUNT,
   F_CLZ,
   F_HADD,
   F_RHADD,
   F_SELECT, /* select(a, b, mask of the same size) */
   NUM_INT_BUILTINS,
   F_FMA = NUM_INT_BUILTINS, /* float */
};

struct expr {
   enum expr_kind kind;
   enum clt_scalar type;
   int op, index;
   uint64_t value; /* of constants, as clt_get() gives it */
   struct expr *arg[3];
};

/* Vectors are changed as a whole. "to" and "from" are numbers of vectors of one type and one width, unless told
 * otherwise. */
enum vector_op {
   V_OPERATE,   /* to = operation on from[0] to from[2], component by component */
   V_CHOOSE,    /* to = from[0] < from[1] ? from[2] : to */
   V_SWIZZLE,   /* to.k = from[0].lanes[k]; widths may differ */
   V_INSERT,    /* to.lanes[k] = from[0].lanes[2 + k], k = 0 and 1; widths may differ */
   V_BROADCAST, /* to = expr[0] */
   V_CONVERT,   /* to = from[0] of another type */
   V_INPUT,     /* to = the input, from element expr[0] (uint, masked) * width on */
   V_LOAD,      /* to = the item's own slots of memory, the same way: local ones if "local" */
   V_STORE,     /* the other way round */
};

enum stmt_kind {
   S_ASSIGN, /* variable "index" = expr[0] */
   S_ARRAY,  /* array "index" [expr[0]] = expr[1] */
   S_FIELD,  /* field "count" of element [expr[0]] of record "index" = expr[1] */
   S_RECORD, /* element [expr[0]] of record "index" = element [expr[1]] of record "count" */
   S_LANE, /* component "count" of vector "index", or component expr[0] (uint, masked) = expr[1] */
   S_VECTOR, /* vector "index" by an operation of vectors */
   S_MEM,    /* global slot [expr[0]] = expr[1] */
   S_LOCAL,  /* local slot [expr[0]] = expr[1] */
   S_ATOMIC, /* counter "index", expr[0] (uint) */
   S_IF,     /* expr[0] (int), body[0], body[1] (may be empty) */
   S_FOR,    /* variable "index" from 0 while < (expr[0] & count), body[0] */
   S_WHILE,  /* while expr[0], at most count times, body[0]; variable "index" counts */
   S_DO,     /* do body[0] while expr[0], at most count times; variable "index" counts */
   S_SWITCH, /* expr[0] (int, masked by count), cases in the list body[0] */
   S_CASE,   /* in a switch: value "index" (-1 = default), body[0], break after it if count */
   S_BREAK,
   S_CONTINUE,
   S_RETURN,   /* of expr[0]; in the kernel: without value, finishes the item */
   S_EXCHANGE, /* every item gives expr[0] (ulong); variable "index" = what item (lid + count) %
                  group gave */
   S_UNIFORM,  /* the whole group runs body[0] count times, variable "index" counts; barriers are
                  allowed in it */
};

struct stmt {
   enum stmt_kind kind;
   int index, count;
   struct expr *expr[2];
   struct stmt *body[2];
   struct stmt *next;

   /* S_VECTOR */
   enum vector_op op;
   struct expr operation; /* V_OPERATE: an unary, binary or builtin one without arguments */
   bool local;
   int from[3];
   unsigned char lanes[RANDOM_MAX_WIDTH];
};

struct variable {
   enum clt_scalar type;
   bool counter; /* of a loop: only the loop assigns it */
   uint64_t initial;
   bool hashed; /* contributes to the item's result */
};

struct array {
   enum clt_scalar type;
   unsigned length; /* a power of two */
   bool hashed;
};

/* Structures, all of the program's one type. */
struct record {
   unsigned length; /* a power of two */
   bool hashed;
};

struct vector {
   enum clt_scalar type;
   unsigned width;
   bool hashed;
};

struct random_function {
   enum clt_scalar type; /* of the result; unused for the kernel */
   unsigned num_params;  /* the first variables */
   unsigned num_vars, num_arrays, num_records, num_vectors;
   struct variable vars[RANDOM_MAX_VARS];
   struct array arrays[RANDOM_MAX_ARRAYS];
   struct record records[RANDOM_MAX_RECORDS];
   struct vector vectors[RANDOM_MAX_VECTORS];
   struct stmt *body;
};

struct random_program {
   uint64_t seed;
   bool has_reals;
   enum random_real real;
   unsigned group, groups;
   enum clt_scalar mem_type, local_type;
   unsigned num_fields;
   enum clt_scalar fields[RANDOM_MAX_FIELDS];
   unsigned num_functions;
   struct random_function functions[RANDOM_MAX_FUNCTIONS]; /* may call those before them */
   struct random_function kernel;
};

/* What a run leaves behind. Arrays are memory of the test case. */
struct random_result {
   uint64_t *out; /* one per item */
   void *mem;     /* RANDOM_MEM_SLOTS elements of mem_type per item */
   uint32_t counters[RANDOM_COUNTERS];
};

extern const uint32_t random_counters_start[RANDOM_COUNTERS];

/* Makes a program from a seed; memory of the case. Real types (mask: 1 << enum random_real) are those of
 * which the device keeps denormals, so that results are defined to the bit. */
struct random_program *random_generate(uint64_t seed, unsigned reals);

extern const char *const random_real_names[NUM_REALS];

/* A double as the value of an expression, and back. */
uint64_t random_real_value(double x);
double random_real(uint64_t value);

/* x rounded to nearest even. */
double random_real_round(enum random_real real, double x);

/* x * y + z, rounded once; all of the real type. */
double random_real_fma(enum random_real real, double x, double y, double z);

/* x, of the real type, as the device stores it, with one and the same NaN. */
uint64_t random_real_bits(enum random_real real, double x);

/* OpenCL C of a program; the kernel is "test". Memory of the case. */
const char *random_print(const struct random_program *p);

/* The input buffer that belongs to a seed. */
void random_input(uint64_t seed, uint64_t input[RANDOM_INPUTS]);

/* Computes what the program must give. False when it takes too many steps to be worth it. */
bool random_evaluate(const struct random_program *p, const uint64_t *input,
                     struct random_result *r);

/* Makes a failing program smaller in place while still_fails(data) holds, within the given number
 * of tries. */
void random_reduce(struct random_program *p, bool (*still_fails)(void *data), void *data,
                   unsigned tries);

#endif
