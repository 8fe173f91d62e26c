// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* nbody: two small discs of stars pass each other; every body pulls every other one. The picture is
 * the sum of all steps.
 *
 * Check: the last step is repeated in double precision from the positions and velocities that the
 * device had before it. For one body, with a_j the pull of body j (a vector's largest component)
 * and u = 2^-24: a term is wrong by at most 20 u |a_j| (the difference of positions, which are
 * exact inputs, is rounded once, the squared length 3 times, rsqrt 2 ulp = 4 u, cubed and
 * multiplied; all to first order), a sum of n terms by n u sum |a_j| more. So |a - exact| <= (n +
 * 20) u sum |a_j|, times dt in the velocity, plus the rounding of velocity itself. */

#include "common.h"
#include "nbody.cl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GROUP   64
#define STEPS   24
#define DT      0.02f
#define EPS2    0.003f
#define PICTURE 480

struct body {
   float x, y, z, w;
};

/* A disc of stars in circular orbits around a heavy centre, the whole moving with velocity (vx,
 * vy). */
static void
make_disc(struct body *position, struct body *velocity, size_t n, float x, float y, float vx,
          float vy, float spin, uint64_t *random)
{
   const float centre_mass = 1.0f;

   for (size_t i = 0; i < n; i++) {
      float r = i == 0 ? 0 : 0.08f + 0.55f * sqrtf(ex_random(random));
      float angle = ex_random(random) * 6.2831853f;
      float speed = i == 0 ? 0 : spin * sqrtf(centre_mass * r * r / powf(r * r + EPS2, 1.5f));

      position[i] = (struct body){x + r * cosf(angle), y + r * sinf(angle),
                                  (ex_random(random) - 0.5f) * 0.05f,
                                  i == 0 ? centre_mass : 0.2f / n};
      velocity[i] = (struct body){vx - speed * sinf(angle), vy + speed * cosf(angle), 0, 0};
   }
}

static void
plot(float *light, const struct body *position, size_t n)
{
   for (size_t i = 0; i < n; i++) {
      int x = (position[i].x / 3.2f + 0.5f) * PICTURE, y = (0.5f - position[i].y / 3.2f) * PICTURE;

      if (x >= 1 && x < PICTURE - 1 && y >= 1 && y < PICTURE - 1) {
         float *p = light + y * PICTURE + x;
         p[0] += 1;
         p[1] += 0.3f;
         p[-1] += 0.3f;
         p[PICTURE] += 0.3f;
         p[-PICTURE] += 0.3f;
      }
   }
}

static void
write_picture(const char *path, const float *light)
{
   uint8_t *rgb = ex_alloc(PICTURE * PICTURE * 3);

   for (size_t i = 0; i < PICTURE * PICTURE; i++) {
      float t = 1 - expf(-0.45f * light[i]);
      rgb[3 * i + 0] = 255 * powf(t, 1.6f);
      rgb[3 * i + 1] = 255 * powf(t, 1.2f);
      rgb[3 * i + 2] = 255 * (0.06f + 0.94f * powf(t, 0.7f));
   }
   ex_write_png(path, rgb, 3, PICTURE, PICTURE);
}

/* Error of the last step relative to what rounding allows; > 1 is wrong. */
static double
check_step(size_t n, const struct body *position, const struct body *before,
           const struct body *after)
{
   const double u = 0x1p-24;
   double worst = 0;

   for (size_t i = 0; i < n; i++) {
      double a[3] = {0}, magnitude = 0;

      for (size_t j = 0; j < n; j++) {
         double dx = (double)position[j].x - position[i].x,
                dy = (double)position[j].y - position[i].y,
                dz = (double)position[j].z - position[i].z;
         double d2 = dx * dx + dy * dy + dz * dz + EPS2, pull = position[j].w / (d2 * sqrt(d2));

         a[0] += dx * pull;
         a[1] += dy * pull;
         a[2] += dz * pull;
         magnitude += fmax(fabs(dx), fmax(fabs(dy), fabs(dz))) * pull;
      }
      const float *v0 = &before[i].x, *v1 = &after[i].x;
      for (int c = 0; c < 3; c++) {
         double exact = v0[c] + a[c] * DT;
         double allowed = ((n + 20) * u * magnitude * DT +
                           2 * u * (fabs(exact) + fabs(a[c] * DT))) *
                          (1 + 1e-3);
         double ratio = v1[c] == exact ? 0 : fabs(v1[c] - exact) / allowed;

         if (!(ratio <= worst))
            worst = ratio;
      }
   }
   return worst;
}

int
main(int argc, char **argv)
{
   struct example ex = {
      .name = "nbody",
      .what = "two discs of stars pass each other, every body pulls every other one",
      .size = 1024,
      .size_help = "number of bodies, 64 to 65536, rounded up to a multiple of 64",
      .min_size = 64,
      .max_size = 65536,
      .output = "nbody.png",
   };
   ex_open(&ex, argc, argv);

   cl_uint n = ex_round_up(ex.size, GROUP);
   size_t bytes = n * sizeof(struct body);
   struct body *position = ex_alloc(bytes), *before = ex_alloc(bytes), *after = ex_alloc(bytes);
   float *light = ex_alloc(PICTURE * PICTURE * sizeof(float));
   uint64_t random = 7;
   make_disc(position, before, n / 2, -0.75f, -0.25f, 0.55f, 0.15f, 1, &random);
   make_disc(position + n / 2, before + n / 2, n - n / 2, 0.75f, 0.25f, -0.55f, -0.15f, 1, &random);

   cl_mem positions[2] = {ex_buffer(&ex, CL_MEM_READ_WRITE, bytes, position),
                          ex_buffer(&ex, CL_MEM_READ_WRITE, bytes, NULL)};
   cl_mem velocity = ex_buffer(&ex, CL_MEM_READ_WRITE, bytes, before);
   cl_kernel kernel = ex_kernel(ex_program(&ex, nbody_cl, ""), "nbody_step");
   const float dt = DT, eps2 = EPS2;
   ex_arg(kernel, 0, n);
   ex_arg(kernel, 1, dt);
   ex_arg(kernel, 2, eps2);
   ex_arg(kernel, 5, velocity);
   ex_set_arg(kernel, 6, GROUP * sizeof(struct body), NULL);

   double time_ms = 0;
   for (int step = 0; step < STEPS; step++) {
      size_t global = n, local = GROUP;

      ex_read(&ex, positions[step % 2], bytes, position);
      ex_read(&ex, velocity, bytes, before);
      plot(light, position, n);
      ex_arg(kernel, 3, positions[step % 2]);
      ex_arg(kernel, 4, positions[(step + 1) % 2]);
      time_ms += ex_launch(&ex, kernel, 1, &global, &local);
   }
   ex_read(&ex, velocity, bytes, after);

   ex_report("size", "%u bodies, %d steps", n, STEPS);
   ex_report("time", "%.2f ms on the device, %.1f million interactions per second", time_ms,
             (double)n * n * STEPS / time_ms * 1e-3);
   double worst = check_step(n, position, before, after);
   ex_report("check", "last step: %.3f of what rounding allows", worst);
   write_picture(ex.output, light);
   return ex_finish(&ex, worst <= 1, "a velocity is %.2f times as far off as rounding allows",
                    worst);
}
