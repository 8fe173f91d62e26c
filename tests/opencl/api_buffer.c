// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Buffers of every flavour: how they start, what reads, writes, copies, fills and maps do to them,
 * against a model of the same bytes in host memory. No kernels here: what kernels see of buffers is
 * in api_kernel.c. */

#include "cl_api.h"

#include <stdlib.h>
#include <string.h>

/* How buffers start */

/* New memory never shows what an earlier buffer held. */
static void
fresh_buffer_is_zero(const void *arg)
{
   static const size_t sizes[] = {1, 100, 4096, 65536, 1 << 20};

   for (size_t s = 0; s < CLT_ARRAY_SIZE(sizes); s++) {
      uint8_t *bytes = clt_alloc(sizes[s]), *zero = clt_alloc(sizes[s]);

      for (int round = 0; round < 4; round++) {
         cl_int error;
         cl_mem mem = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, sizes[s], NULL, &error);
         clt_require(error, "clCreateBuffer");
         clt_read(mem, 0, sizes[s], bytes);
         clt_same("fresh buffer", bytes, zero, sizes[s]);
         memset(bytes, 0xa5, sizes[s]);
         clt_write(mem, 0, sizes[s], bytes);
         clReleaseMemObject(mem);
      }
   }
}

static void
copy_host_ptr(const void *arg)
{
   enum {
      N = 5000
   };
   uint8_t *in = clt_alloc(N), *out = clt_alloc(N), *want = clt_alloc(N);

   clt_random_bytes(in, N, 1);
   memcpy(want, in, N);
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, N, in);
   memset(in, 0, N); /* the buffer has a copy of its own */
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, want, N);
}

static void
alloc_host_ptr(const void *arg)
{
   enum {
      N = 70000
   };
   uint8_t *want = clt_alloc(N), *out = clt_alloc(N);
   cl_int error;

   clt_random_bytes(want, N, 2);
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, N, NULL);
   void *map = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_WRITE, 0, N, 0, NULL, NULL,
                                  &error);
   clt_require(error, "clEnqueueMapBuffer");
   memcpy(map, want, N);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, map, 0, NULL, NULL));
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, want, N);
}

/* The application's memory is the buffer: maps give its address, and after a map it holds the
 * content. */
static void
use_host_ptr(const void *arg)
{
   enum {
      N = 4096 + 12
   };
   uint8_t *host = clt_alloc_aligned(N, 4096), *want = clt_alloc(N), *out = clt_alloc(N);
   cl_int error;

   clt_random_bytes(host, N, 3);
   memcpy(want, host, N);
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, N, host);
   clt_read(mem, 0, N, out);
   clt_same("initial content", out, want, N);

   memset(want + 100, 0x5a, 300);
   CLT_CALL(clEnqueueFillBuffer(clt.queue, mem, "\x5a", 1, 100, 300, 0, NULL, NULL));
   uint8_t *map = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, N, 0,
                                     NULL, NULL, &error);
   clt_require(error, "clEnqueueMapBuffer");
   CLT_CHECK(map == host, "the map is at %p, the application's memory at %p", (void *)map,
             (void *)host);
   clt_same("mapped content", map, want, N);

   map[7] = want[7] = 0x77;
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, map, 0, NULL, NULL));
   clt_read(mem, 0, N, out);
   clt_same("after unmap", out, want, N);
}

/* Memory that is aligned to nothing works as well. */
static void
use_host_ptr_unaligned(const void *arg)
{
   enum {
      N = 1001
   };
   uint8_t *host = (uint8_t *)clt_alloc(N + 16) + 3, *want = clt_alloc(N), *out = clt_alloc(N);

   clt_random_bytes(host, N, 4);
   memcpy(want, host, N);
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, N, host);
   want[N - 1] ^= 0xff;
   clt_write(mem, N - 1, 1, &want[N - 1]);
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, want, N);
}

/* Reads and writes */

static void
read_write_ranges(const void *arg)
{
   enum {
      N = 9000,
      ROUNDS = 200
   };
   uint8_t *model = clt_alloc(N), *bytes = clt_alloc(N);
   uint64_t rng = clt.seed;

   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, N, NULL);
   for (int i = 0; i < ROUNDS && !clt_failed(); i++) {
      size_t offset = clt_random(&rng) % N, size = clt_random(&rng) % (N - offset) + 1;

      if (i % 3 != 2) {
         clt_random_bytes(bytes, size, i);
         memcpy(model + offset, bytes, size);
         clt_write(mem, offset, size, bytes);
      } else {
         clt_read(mem, offset, size, bytes);
         clt_same("range", bytes, model + offset, size);
      }
   }
   clt_read(mem, 0, N, bytes);
   clt_same("whole buffer", bytes, model, N);
}

/* A write that does not block has taken place when a later blocking read returns. */
static void
write_without_blocking(const void *arg)
{
   enum {
      N = 64,
      ROUNDS = 100
   };
   uint32_t *data = clt_alloc(sizeof(uint32_t) * N * ROUNDS), got[N];

   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, sizeof(got), NULL);
   clt_random_bytes(data, sizeof(uint32_t) * N * ROUNDS, 5);
   for (int i = 0; i < ROUNDS; i++)
      CLT_CALL(clEnqueueWriteBuffer(clt.queue, mem, CL_FALSE, 0, sizeof(got), data + i * N, 0, NULL,
                                    NULL));
   clt_read(mem, 0, sizeof(got), got);
   clt_same_u32("last write", got, data + (ROUNDS - 1) * N, N);
}

/* Rectangles */

struct rect {
   size_t origin[3], row_pitch, slice_pitch;
};

static size_t
rect_offset(const struct rect *r, size_t y, size_t z)
{
   return r->origin[0] + (r->origin[1] + y) * r->row_pitch + (r->origin[2] + z) * r->slice_pitch;
}

static void
copy_rect(uint8_t *dst, const struct rect *d, const uint8_t *src, const struct rect *s,
          const size_t region[3])
{
   for (size_t z = 0; z < region[2]; z++) {
      for (size_t y = 0; y < region[1]; y++)
         memcpy(dst + rect_offset(d, y, z), src + rect_offset(s, y, z), region[0]);
   }
}

/* A random rectangle of this region inside of 16 KiB. */
static struct rect
random_rect(uint64_t *rng, const size_t region[3])
{
   struct rect r;

   r.origin[0] = clt_random(rng) % 8;
   r.origin[1] = clt_random(rng) % 4;
   r.origin[2] = clt_random(rng) % 3;
   r.row_pitch = r.origin[0] + region[0] + clt_random(rng) % 8;
   size_t rows = r.origin[1] + region[1] + clt_random(rng) % 4;
   r.slice_pitch = r.row_pitch * rows;
   return r;
}

enum {
   RECT_BUFFER_B = 16384,
   RECT_ROUNDS = 120
};

static void
random_region(uint64_t *rng, size_t region[3])
{
   region[0] = clt_random(rng) % 40 + 1;
   region[1] = clt_random(rng) % 9 + 1;
   region[2] = clt_random(rng) % 5 + 1;
}

static void
rect_write_and_read(const void *arg)
{
   uint8_t *model = clt_alloc(RECT_BUFFER_B), *host = clt_alloc(RECT_BUFFER_B);
   uint8_t *out = clt_alloc(RECT_BUFFER_B), *out_model = clt_alloc(RECT_BUFFER_B);
   uint64_t rng = clt.seed + 1;

   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, RECT_BUFFER_B, NULL);
   for (int i = 0; i < RECT_ROUNDS && !clt_failed(); i++) {
      size_t region[3];
      random_region(&rng, region);
      struct rect b = random_rect(&rng, region), h = random_rect(&rng, region);

      clt_random_bytes(host, RECT_BUFFER_B, i);
      copy_rect(model, &b, host, &h, region);
      CLT_CALL(clEnqueueWriteBufferRect(clt.queue, mem, CL_TRUE, b.origin, h.origin, region,
                                        b.row_pitch, b.slice_pitch, h.row_pitch, h.slice_pitch,
                                        host, 0, NULL, NULL));
      clt_read(mem, 0, RECT_BUFFER_B, out);
      clt_same("buffer after a rect write", out, model, RECT_BUFFER_B);

      memset(out, i, RECT_BUFFER_B);
      memset(out_model, i, RECT_BUFFER_B);
      copy_rect(out_model, &h, model, &b, region);
      CLT_CALL(clEnqueueReadBufferRect(clt.queue, mem, CL_TRUE, b.origin, h.origin, region,
                                       b.row_pitch, b.slice_pitch, h.row_pitch, h.slice_pitch, out,
                                       0, NULL, NULL));
      clt_same("memory after a rect read", out, out_model, RECT_BUFFER_B);
   }
}

static void
rect_copy(const void *arg)
{
   uint8_t *src = clt_alloc(RECT_BUFFER_B), *dst = clt_alloc(RECT_BUFFER_B);
   uint8_t *out = clt_alloc(RECT_BUFFER_B);
   uint64_t rng = clt.seed + 2;

   clt_random_bytes(src, RECT_BUFFER_B, 6);
   cl_mem src_mem = clt_buffer(RECT_BUFFER_B, src), dst_mem = clt_buffer(RECT_BUFFER_B, NULL);
   for (int i = 0; i < RECT_ROUNDS && !clt_failed(); i++) {
      size_t region[3];
      random_region(&rng, region);
      struct rect s = random_rect(&rng, region), d = random_rect(&rng, region);

      copy_rect(dst, &d, src, &s, region);
      CLT_CALL(clEnqueueCopyBufferRect(clt.queue, src_mem, dst_mem, s.origin, d.origin, region,
                                       s.row_pitch, s.slice_pitch, d.row_pitch, d.slice_pitch, 0,
                                       NULL, NULL));
      clt_read(dst_mem, 0, RECT_BUFFER_B, out);
      clt_same("destination", out, dst, RECT_BUFFER_B);
   }
}

/* Fills */

static void
fill_patterns(const void *arg)
{
   enum {
      N = 4096
   };
   uint8_t pattern[128], *model = clt_alloc(N), *out = clt_alloc(N);
   uint64_t rng = clt.seed + 3;

   for (size_t size = 1; size <= sizeof(pattern) && !clt_failed(); size *= 2) {
      cl_mem mem = clt_mem(CL_MEM_READ_WRITE, N, NULL);

      memset(model, 0, N);
      for (int i = 0; i < 20; i++) {
         size_t count = N / size, first = clt_random(&rng) % count;
         size_t n = clt_random(&rng) % (count - first) + 1;

         clt_random_bytes(pattern, size, i);
         for (size_t k = 0; k < n; k++)
            memcpy(model + (first + k) * size, pattern, size);
         CLT_CALL(clEnqueueFillBuffer(clt.queue, mem, pattern, size, first * size, n * size, 0,
                                      NULL, NULL));
         memset(pattern, 0, size); /* the pattern may be gone when the call returns */
      }
      clt_read(mem, 0, N, out);
      clt_same(clt_format("pattern of %zu bytes", size), out, model, N);
   }
}

static void
fill_errors(const void *arg)
{
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, 64, NULL);
   uint8_t pattern[256] = {0};

   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, pattern, 3, 0, 63, 0, NULL, NULL),
              CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, pattern, 256, 0, 0, 0, NULL, NULL),
              CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, pattern, 4, 2, 8, 0, NULL, NULL),
              CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, pattern, 4, 0, 6, 0, NULL, NULL),
              CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, pattern, 4, 60, 8, 0, NULL, NULL),
              CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, mem, NULL, 4, 0, 8, 0, NULL, NULL), CL_INVALID_VALUE);
}

/* Copies */

static void
copy_ranges(const void *arg)
{
   enum {
      N = 10000,
      ROUNDS = 200,
      BUFFERS = 3
   };
   uint8_t *model[BUFFERS], *out = clt_alloc(N);
   cl_mem mem[BUFFERS];
   uint64_t rng = clt.seed + 4;

   for (int b = 0; b < BUFFERS; b++) {
      model[b] = clt_alloc(N);
      clt_random_bytes(model[b], N, b);
      mem[b] = clt_buffer(N, model[b]);
   }
   for (int i = 0; i < ROUNDS; i++) {
      unsigned s = clt_random(&rng) % BUFFERS,
               d = (s + 1 + clt_random(&rng) % (BUFFERS - 1)) % BUFFERS;
      size_t size = clt_random(&rng) % N + 1;
      size_t from = clt_random(&rng) % (N - size + 1), to = clt_random(&rng) % (N - size + 1);

      memcpy(model[d] + to, model[s] + from, size);
      CLT_CALL(clEnqueueCopyBuffer(clt.queue, mem[s], mem[d], from, to, size, 0, NULL, NULL));
   }
   for (int b = 0; b < BUFFERS; b++) {
      clt_read(mem[b], 0, N, out);
      clt_same(clt_format("buffer %d", b), out, model[b], N);
   }
}

static void
copy_within_buffer(const void *arg)
{
   enum {
      N = 4096
   };
   uint8_t *model = clt_alloc(N), *out = clt_alloc(N);

   clt_random_bytes(model, N, 7);
   cl_mem mem = clt_buffer(N, model);
   memcpy(model + 2048, model, 2048);
   CLT_CALL(clEnqueueCopyBuffer(clt.queue, mem, mem, 0, 2048, 2048, 0, NULL, NULL));
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, model, N);

   CLT_EXPECT(clEnqueueCopyBuffer(clt.queue, mem, mem, 0, 100, 200, 0, NULL, NULL),
              CL_MEM_COPY_OVERLAP);
   CLT_EXPECT(clEnqueueCopyBuffer(clt.queue, mem, mem, 0, 4000, 200, 0, NULL, NULL),
              CL_INVALID_VALUE);
}

/* Maps */

static void
map_keeps_unwritten_bytes(const void *arg)
{
   enum {
      N = 8192,
      ROUNDS = 60
   };
   uint8_t *model = clt_alloc(N), *out = clt_alloc(N);
   uint64_t rng = clt.seed + 5;
   cl_int error;

   clt_random_bytes(model, N, 8);
   cl_mem mem = clt_buffer(N, model);
   for (int i = 0; i < ROUNDS && !clt_failed(); i++) {
      size_t offset = clt_random(&rng) % N, size = clt_random(&rng) % (N - offset) + 1;
      uint8_t *map = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_WRITE, offset, size, 0,
                                        NULL, NULL, &error);
      clt_require(error, "clEnqueueMapBuffer");
      for (size_t k = 0; k < size; k += 5)
         map[k] = model[offset + k] = (uint8_t)clt_random(&rng);
      CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, map, 0, NULL, NULL));
      clt_read(mem, 0, N, out);
      clt_same("buffer after unmap", out, model, N);
   }
}

static void
map_invalidate(const void *arg)
{
   enum {
      N = 3000
   };
   uint8_t *model = clt_alloc(N), *out = clt_alloc(N);
   cl_int error;

   clt_random_bytes(model, N, 9);
   cl_mem mem = clt_buffer(N, model);
   uint8_t *map = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 1000,
                                     500, 0, NULL, NULL, &error);
   clt_require(error, "clEnqueueMapBuffer");
   for (int k = 0; k < 500; k++)
      map[k] = model[1000 + k] = (uint8_t)k;
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, map, 0, NULL, NULL));
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, model, N);
}

/* Several maps of one buffer at the same time. */
static void
map_twice(const void *arg)
{
   enum {
      N = 2048
   };
   uint8_t *model = clt_alloc(N);
   cl_int error;

   clt_random_bytes(model, N, 10);
   cl_mem mem = clt_buffer(N, model);
   uint8_t *a = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_READ, 0, N, 0, NULL, NULL,
                                   &error);
   clt_require(error, "first clEnqueueMapBuffer");
   uint8_t *b = clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_READ, 512, 512, 0, NULL, NULL,
                                   &error);
   clt_require(error, "second clEnqueueMapBuffer");
   clt_same("first map", a, model, N);
   clt_same("second map", b, model + 512, 512);
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, b, 0, NULL, NULL));
   CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, a, 0, NULL, NULL));
   CLT_CALL(clFinish(clt.queue));
}

/* Where the device and the host share memory a map is the buffer itself, not a copy: the same bytes have the
 * same address each time, in parent and sub-buffer, and commands see each other's work through it.
 */
static void
map_in_place(const void *arg)
{
   enum {
      N = 1 << 20,
      START = 65536
   };
   uint8_t *model = clt_alloc(N), *out = clt_alloc(N), *first = NULL;
   cl_int error;

   if (!CLT_DEVICE_INFO(cl_bool, CL_DEVICE_HOST_UNIFIED_MEMORY)) {
      clt_fail("the device says that it has memory of its own");
      return;
   }
   clt_random_bytes(model, N, 11);
   cl_mem mem = clt_buffer(N, model);
   const cl_buffer_region region = {START, N - START};
   cl_mem sub = clCreateSubBuffer(mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region,
                                  &error);
   clt_require(error, "clCreateSubBuffer");
   clt_own_mem(sub);

   for (uint32_t i = 0; i < 20; i++) {
      const size_t offset = i * 1000;
      uint8_t *a = clEnqueueMapBuffer(clt.queue, mem, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, offset,
                                      N - offset, 0, NULL, NULL, &error);
      clt_require(error, "clEnqueueMapBuffer of the parent");
      uint8_t *b = clEnqueueMapBuffer(clt.queue, sub, CL_TRUE, CL_MAP_WRITE, offset,
                                      N - START - offset, 0, NULL, NULL, &error);
      clt_require(error, "clEnqueueMapBuffer of the sub-buffer");
      if (!first)
         first = a;
      CLT_CHECK(a == first + offset, "map %u is at %p, not at %p", i, (void *)a,
                (void *)(first + offset));
      CLT_CHECK(b == a + START, "the sub-buffer is at %p, its parent at %p", (void *)b, (void *)a);
      clt_same("mapped parent", a, model + offset, N - offset);
      a[i] = model[offset + i] = (uint8_t)i;
      b[2 * i] = model[START + offset + 2 * i] = (uint8_t)~i;
      CLT_CALL(clEnqueueUnmapMemObject(clt.queue, sub, b, 0, NULL, NULL));
      CLT_CALL(clEnqueueUnmapMemObject(clt.queue, mem, a, 0, NULL, NULL));

      /* a command in between, which the next map must show */
      memset(model + N - 4096, (int)i, 4096);
      CLT_CALL(clEnqueueFillBuffer(clt.queue, mem, &i, 1, N - 4096, 4096, 0, NULL, NULL));
      if (i % 3 == 0)
         clt_read(mem, 0, N, out);
   }
   clt_read(mem, 0, N, out);
   clt_same("buffer", out, model, N);
}

static void
map_errors(const void *arg)
{
   cl_mem mem = clt_mem(CL_MEM_READ_WRITE | CL_MEM_HOST_WRITE_ONLY, 64, NULL);
   cl_int error;
   uint8_t byte;

   clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_WRITE, 60, 8, 0, NULL, NULL, &error);
   clt_expect(error, CL_INVALID_VALUE, "map beyond the end");
   clEnqueueMapBuffer(clt.queue, mem, CL_TRUE, CL_MAP_READ, 0, 8, 0, NULL, NULL, &error);
   clt_expect(error, CL_INVALID_OPERATION, "map for reading of a buffer the host only writes");
   CLT_EXPECT(clEnqueueUnmapMemObject(clt.queue, mem, &byte, 0, NULL, NULL), CL_INVALID_VALUE);
   CLT_EXPECT(clEnqueueReadBuffer(clt.queue, mem, CL_TRUE, 0, 1, &byte, 0, NULL, NULL),
              CL_INVALID_OPERATION);
}

/* Sub-buffers */

static void
sub_buffers(const void *arg)
{
   enum {
      PIECES = 8
   };
   cl_uint align_bits = CLT_DEVICE_INFO(cl_uint, CL_DEVICE_MEM_BASE_ADDR_ALIGN);
   size_t piece = align_bits / 8 * 2, n = piece * PIECES;
   uint8_t *model = clt_alloc(n), *out = clt_alloc(n);
   cl_int error;

   cl_mem mem = clt_buffer(n, NULL);
   for (int i = 0; i < PIECES; i++) {
      cl_buffer_region region = {piece * i, piece - i};
      cl_mem sub = clCreateSubBuffer(mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region,
                                     &error);
      clt_require(error, "clCreateSubBuffer");
      clt_own_mem(sub);
      clt_random_bytes(model + region.origin, region.size, i);
      clt_write(sub, 0, region.size, model + region.origin);

      /* fills, copies and maps count from the start of the sub-buffer */
      memset(model + region.origin + 4, i, 8);
      CLT_CALL(clEnqueueFillBuffer(clt.queue, sub, &i, 1, 4, 8, 0, NULL, NULL));
      memcpy(model + region.origin + 32, model + region.origin, 16);
      CLT_CALL(clEnqueueCopyBuffer(clt.queue, sub, sub, 0, 32, 16, 0, NULL, NULL));
      uint8_t *map = clEnqueueMapBuffer(clt.queue, sub, CL_TRUE, CL_MAP_WRITE, 64, 4, 0, NULL, NULL,
                                        &error);
      clt_require(error, "clEnqueueMapBuffer");
      memset(map, 0x3c, 4);
      memset(model + region.origin + 64, 0x3c, 4);
      CLT_CALL(clEnqueueUnmapMemObject(clt.queue, sub, map, 0, NULL, NULL));
   }
   clt_read(mem, 0, n, out);
   clt_same("parent", out, model, n);
}

static void
sub_buffer_errors(const void *arg)
{
   cl_mem mem = clt_buffer(8192, NULL);
   cl_int error;

   clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){4096, 8192}, &error);
   clt_expect(error, CL_INVALID_VALUE, "sub-buffer beyond the end");
   clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){0, 0}, &error);
   clt_expect(error, CL_INVALID_BUFFER_SIZE, "empty sub-buffer");
   cl_mem sub = clCreateSubBuffer(mem, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){0, 512},
                                  &error);
   clt_require(error, "clCreateSubBuffer");
   clt_own_mem(sub);
   clCreateSubBuffer(sub, 0, CL_BUFFER_CREATE_TYPE_REGION, &(cl_buffer_region){0, 256}, &error);
   clt_expect(error, CL_INVALID_MEM_OBJECT, "sub-buffer of a sub-buffer");
}

/* Many and large */

static void
many_buffers(const void *arg)
{
   enum {
      N = 1500
   };
   cl_mem *mem = clt_alloc(N * sizeof(*mem));

   for (uint32_t i = 0; i < N; i++)
      mem[i] = clt_buffer(sizeof(i), &i);
   for (uint32_t i = 0; i < N && !clt_failed(); i++) {
      uint32_t got;
      clt_read(mem[i], 0, sizeof(got), &got);
      CLT_CHECK(got == i, "buffer %u holds %u", i, got);
   }
}

static void
large_buffer(const void *arg)
{
   const size_t size = 256u << 20;
   uint32_t words[4] = {1, 2, 3, 4}, got[4];

   cl_mem mem = clt_mem(CL_MEM_READ_WRITE, size, NULL);
   CLT_CALL(
      clEnqueueFillBuffer(clt.queue, mem, words, sizeof(words), size / 2, size / 2, 0, NULL, NULL));
   CLT_CALL(clEnqueueCopyBuffer(clt.queue, mem, mem, size / 2, 0, size / 2, 0, NULL, NULL));
   for (size_t at = 0; at < size; at += size / 16) {
      clt_read(mem, at, sizeof(got), got);
      clt_same_u32(clt_format("words at %zu", at), got, words, 4);
   }
   clt_read(mem, size - sizeof(got), sizeof(got), got);
   clt_same_u32("last words", got, words, 4);
}

static void
too_large(const void *arg)
{
   cl_ulong max = CLT_DEVICE_INFO(cl_ulong, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
   cl_int error;

   clCreateBuffer(clt.context, CL_MEM_READ_WRITE, max + 1, NULL, &error);
   clt_expect(error, CL_INVALID_BUFFER_SIZE, "buffer above CL_DEVICE_MAX_MEM_ALLOC_SIZE");
   clCreateBuffer(clt.context, CL_MEM_READ_WRITE, 0, NULL, &error);
   clt_expect(error, CL_INVALID_BUFFER_SIZE, "empty buffer");
}

/* Allocating until the memory is used up ends with an error, and everything works when it is free
 * again. */
static void
memory_runs_out(const void *arg)
{
   enum {
      MAX = 64
   };
   cl_ulong max = CLT_DEVICE_INFO(cl_ulong, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
   cl_mem *mem = clt_alloc(MAX * sizeof(*mem));
   cl_int error = CL_SUCCESS;
   uint32_t word = 7, got = 0;
   int n = 0;

   while (n < MAX) {
      mem[n] = clCreateBuffer(clt.context, CL_MEM_READ_WRITE, max, NULL, &error);
      if (error != CL_SUCCESS)
         break;
      error = clEnqueueWriteBuffer(clt.queue, mem[n++], CL_TRUE, 0, sizeof(word), &word, 0, NULL,
                                   NULL);
      if (error != CL_SUCCESS)
         break;
   }
   CLT_CHECK(error == CL_MEM_OBJECT_ALLOCATION_FAILURE || error == CL_OUT_OF_RESOURCES,
             "after %d buffers of %llu bytes: %s", n, (unsigned long long)max,
             cl_error_name(error));
   CLT_CHECK(n >= 1, "not even one buffer of the maximal size");
   while (n)
      clReleaseMemObject(mem[--n]);

   cl_mem again = clt_mem(CL_MEM_READ_WRITE, max, NULL);
   clt_write(again, max - sizeof(word), sizeof(word), &word);
   clt_read(again, max - sizeof(word), sizeof(word), &got);
   CLT_CHECK(got == word, "read %u, expected %u", got, word);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "buffers of every flavour");
   clt_run_fresh(fresh_buffer_is_zero, NULL);
   clt_run_fresh(copy_host_ptr, NULL);
   clt_run_fresh(alloc_host_ptr, NULL);
   clt_run_fresh(use_host_ptr, NULL);
   clt_run_fresh(use_host_ptr_unaligned, NULL);
   clt_run_fresh(read_write_ranges, NULL);
   clt_run_fresh(write_without_blocking, NULL);
   clt_run_fresh(rect_write_and_read, NULL);
   clt_run_fresh(rect_copy, NULL);
   clt_run_fresh(fill_patterns, NULL);
   clt_run_fresh(fill_errors, NULL);
   clt_run_fresh(copy_ranges, NULL);
   clt_run_fresh(copy_within_buffer, NULL);
   clt_run_fresh(map_keeps_unwritten_bytes, NULL);
   clt_run_fresh(map_invalidate, NULL);
   clt_run_fresh(map_twice, NULL);
   clt_run_fresh(map_in_place, NULL);
   clt_run_fresh(map_errors, NULL);
   clt_run_fresh(sub_buffers, NULL);
   clt_run_fresh(sub_buffer_errors, NULL);
   clt_run_fresh(many_buffers, NULL);
   clt_run_fresh(large_buffer, NULL);
   clt_run_fresh(too_large, NULL);
   clt_run_fresh(memory_runs_out, NULL);
   return clt_done();
}
