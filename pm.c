#include "device.h"
static device net; static float x[DEVICE_MAX_BATCH*DEVICE_INPUTS]; static int32_t label[DEVICE_MAX_BATCH];
int main(void){ unsigned s=1; for(unsigned i=0;i<sizeof x/sizeof*x;i++){ s=s*1664525u+1013904223u; x[i]=(float)(s>>8)/8388608.0f-1; }
 for(int i=0;i<DEVICE_MAX_BATCH;i++) label[i]=i%DEVICE_OUTPUTS;
 device_init(&net,1); for(int k=0;k<50;k++) device_train(&net,x,label,DEVICE_MAX_BATCH,0.01f); return 0;}
