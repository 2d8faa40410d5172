#include "core/blas_internal.h"
#include "core/context_internal.h"
#include "core/row_sums_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static double now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return (double)t.tv_sec*1e3+1e-6*(double)t.tv_nsec;}
#define BEST(var,body) double var=1e9; for(int rep=0;rep<15;rep++){double t0=now(); body; t0=now()-t0; if(t0<var)var=t0;}
int main(int argc,char**argv){
 spk_set_threads(argc>1?atoi(argv[1]):1);
 spk_ctx*ctx=spk_ctx_create(.seed=1);
 int S[][3]={{2048,512,512},{2048,800,800},{3200,1000,10}};
 double D[]={0.005,0.01,0.02,0.05,0.1,0.2,0.3,0.5};
 for(int s=0;s<3;s++){int R=S[s][0],K=S[s][1],N=S[s][2];
  float*x=malloc(4ul*R*K),*w=malloc(4ul*K*N),*y=malloc(4ul*R*N),*y2=malloc(4ul*R*N),*gw=malloc(4ul*K*N),*gw2=malloc(4ul*K*N);
  int W=(K+63)/64; uint64_t*bits=malloc(8ul*R*W);
  for(int i=0;i<K*N;i++)w[i]=(float)rand()/RAND_MAX-0.5f;
  for(int i=0;i<R*N;i++)y2[i]=(float)rand()/RAND_MAX-0.5f;
  for(int d=0;d<8;d++){
   memset(bits,0,8ul*R*W);
   for(int r=0;r<R;r++)for(int k=0;k<K;k++){int f=rand()<D[d]*RAND_MAX;x[r*K+k]=f;if(f)bits[r*W+k/64]|=1ull<<(k%64);}
   float*g=y2;
   BEST(tg,spk_gemm(false,false,R,N,K,x,w,0,y));
   BEST(tgw,spk_gemm(true,false,K,N,R,x,g,0,gw2));
   spk_matrix m={R,K,NULL,bits}; spk_lists L={0};
   float*ys=malloc(4ul*R*N);
   BEST(tl,{spk_lists_count(ctx,&m,&L);spk_lists_fill(ctx,&m,&L);spk_lists_done(ctx,&L);});
   spk_lists_count(ctx,&m,&L);spk_lists_fill(ctx,&m,&L);
   BEST(ts,spk_sum_rows(ctx,&(spk_row_sums){.lists=&L,.b=w,.columns=N,.scale=1,.c=ys}));
   double err=0;for(int i=0;i<R*N;i++){double e=ys[i]-y[i];if(e<0)e=-e;if(e>err)err=e;}
   double tt=0,tsw; spk_lists T[64];int tiles=(R+1023)/1024;
   if(N>16){ BEST(a,{spk_lists_transposed(ctx,&L,1024,T);for(int i=tiles-1;i>=0;i--)spk_lists_done(ctx,&T[i]);});tt=a;
    spk_lists_transposed(ctx,&L,1024,T);
    BEST(b,for(int i=0;i<tiles;i++)spk_sum_rows(ctx,&(spk_row_sums){.lists=&T[i],.b=g+(size_t)i*1024*N,.columns=N,.scale=1,.add=i>0,.c=gw}));tsw=b;
   } else {BEST(b,spk_scatter_rows(ctx,&(spk_row_sums){.lists=&L,.b=g,.columns=N,.scale=1,.c=gw}));tsw=b;}
   double e2=0;for(int i=0;i<K*N;i++){double e=gw[i]-gw2[i];if(e<0)e=-e;if(e>e2)e2=e;}
   printf("%d %d %d %5.3f gemm %.3f lists %.3f sum %.3f fwd x%.1f | gw gemm %.3f trans %.3f sum %.3f  x%.1f err %g %g\n",R,K,N,D[d],tg,tl,ts,tg/(tl+ts),tgw,tt,tsw,tgw/(tl+tt+tsw),err,e2);
   free(ys); spk_end_step(ctx);
  }}
}
